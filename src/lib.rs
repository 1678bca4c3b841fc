//! tlsight

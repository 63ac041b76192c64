//! Shapes: the supported profile of JSON Schema, and a plugin's surface.

pub mod shape;
pub mod surface;

pub use shape::Shape;
pub use surface::{OperationSurface, Surface};

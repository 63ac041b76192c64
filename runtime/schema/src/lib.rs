//! Shapes, which are the supported profile of JSON Schema; a plugin's surface; and the validation of instances.
//!
//! In: JSON Schema text, as plugins give it in their descriptors. Out: a [`Shape`] that names and fields are checked
//! against before anything runs, a [`Surface`] of a whole plugin, and a [`Validator`] for values at run time.
//!
//! **Invariants.** Pure: no IO, no clock. Whatever the schema is, reading it never fails on size or recursion: what lies
//! outside the profile is [`Shape::Any`], with a note that says so. A value that a schema accepts is accepted by its shape.
//!
//! **Not here:** where schemas come from (`host`), expressions over shapes (`expression`), what a pipeline does with
//! them (`plan`).

pub mod accepts;
pub mod describe;
pub mod error;
pub mod field;
pub mod fits;
pub mod join;
pub mod marks;
pub mod members;
pub mod read;
pub mod shape;
pub mod surface;
pub mod validator;

pub use error::Error;
pub use field::Lookup;
pub use fits::{Mismatch, Problem};
pub use marks::{Marks, Sensitivity};
pub use members::{UnknownMember, unknown_members};
pub use read::Note;
pub use shape::{ObjectShape, Shape};
pub use surface::{DescribedOperation, Descriptor, OperationSurface, Surface};
pub use validator::{Issue, Validator};

//! The shapes that the API answers in. `web/fixtures` holds an example of each; a test reads them all.

mod catalogue;
mod detail;
mod incidents;
mod list;
mod models;
mod status;

pub use catalogue::*;
pub use detail::*;
pub use incidents::*;
pub use list::*;
pub use models::*;
pub use status::*;

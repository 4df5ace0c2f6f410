//! What a user of the analyzer would notice: real failures in, causes out.

mod corpus;

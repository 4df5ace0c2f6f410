//! The program as its users meet it: what it says, how it exits, what it makes of a tape.

mod cli;
mod process;
mod replay;

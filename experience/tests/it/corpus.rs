//! Real failures, each with the answer that an expert would give.

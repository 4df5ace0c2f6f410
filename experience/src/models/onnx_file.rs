//! The few messages of the ONNX format that are read without a runtime: trees, to explain them, and the text model's table.
//! Field numbers are ONNX's own.

use prost::Message;

/// `ModelProto`.
#[derive(Clone, PartialEq, Message)]
pub struct Model {
    /// The graph.
    #[prost(message, optional, tag = "7")]
    pub graph: Option<Graph>,
    /// Free key and value pairs: labels, fingerprint, version.
    #[prost(message, repeated, tag = "14")]
    pub metadata: Vec<Property>,
}

/// `StringStringEntryProto`.
#[derive(Clone, PartialEq, Message)]
pub struct Property {
    /// Key.
    #[prost(string, tag = "1")]
    pub key: String,
    /// Value.
    #[prost(string, tag = "2")]
    pub value: String,
}

/// `GraphProto`.
#[derive(Clone, PartialEq, Message)]
pub struct Graph {
    /// Operators.
    #[prost(message, repeated, tag = "1")]
    pub nodes: Vec<Node>,
    /// Constants.
    #[prost(message, repeated, tag = "5")]
    pub initializers: Vec<Tensor>,
}

/// `NodeProto`.
#[derive(Clone, PartialEq, Message)]
pub struct Node {
    /// Name of the node.
    #[prost(string, tag = "3")]
    pub name: String,
    /// Name of the operator.
    #[prost(string, tag = "4")]
    pub op_type: String,
    /// Attributes.
    #[prost(message, repeated, tag = "5")]
    pub attributes: Vec<Attribute>,
}

/// `TensorProto`, as far as constants need it.
#[derive(Clone, PartialEq, Message)]
pub struct Tensor {
    /// Values, where they are written one by one.
    #[prost(float, repeated, tag = "4")]
    pub floats: Vec<f32>,
    /// Name.
    #[prost(string, tag = "8")]
    pub name: String,
    /// Values, where they are written as little-endian bytes.
    #[prost(bytes = "vec", tag = "9")]
    pub raw: Vec<u8>,
}

/// `AttributeProto`.
#[derive(Clone, PartialEq, Message)]
pub struct Attribute {
    /// Name.
    #[prost(string, tag = "1")]
    pub name: String,
    /// A whole number.
    #[prost(int64, tag = "3")]
    pub int: i64,
    /// A text.
    #[prost(bytes = "vec", tag = "4")]
    pub text: Vec<u8>,
    /// Numbers.
    #[prost(float, repeated, tag = "7")]
    pub floats: Vec<f32>,
    /// Whole numbers.
    #[prost(int64, repeated, tag = "8")]
    pub ints: Vec<i64>,
    /// Texts.
    #[prost(bytes = "vec", repeated, tag = "9")]
    pub texts: Vec<Vec<u8>>,
}

impl Model {
    /// Value of a metadata property.
    #[must_use]
    pub fn property(&self, key: &str) -> Option<&str> {
        let found = self.metadata.iter().find(|property| property.key == key);
        found.map(|property| property.value.as_str())
    }
}

impl Node {
    /// Numbers of an attribute; empty where it is absent.
    #[must_use]
    pub fn floats(&self, name: &str) -> &[f32] {
        self.attribute(name)
            .map_or(&[], |attribute| &attribute.floats)
    }

    /// Whole numbers of an attribute; empty where it is absent.
    #[must_use]
    pub fn ints(&self, name: &str) -> &[i64] {
        self.attribute(name)
            .map_or(&[], |attribute| &attribute.ints)
    }

    /// Texts of an attribute; empty where it is absent.
    #[must_use]
    pub fn texts(&self, name: &str) -> &[Vec<u8>] {
        self.attribute(name)
            .map_or(&[], |attribute| &attribute.texts)
    }

    fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes
            .iter()
            .find(|attribute| attribute.name == name)
    }
}

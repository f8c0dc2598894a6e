//! A small XML tree: elements, attributes, text.

use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

const MAX_DEPTH: usize = 32;

#[derive(Debug, Default)]
pub(crate) struct Element {
    pub name: String,
    pub attributes: Vec<(String, String)>,
    pub children: Vec<Node>,
}

#[derive(Debug)]
pub(crate) enum Node {
    Element(Element),
    Text(String),
}

impl Node {
    pub(crate) fn is_blank(&self) -> bool {
        matches!(self, Self::Text(text) if text.trim().is_empty())
    }
}

impl Element {
    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// All text inside, with runs of white space as one space.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        self.collect(&mut text);
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    fn collect(&self, into: &mut String) {
        for child in &self.children {
            match child {
                Node::Text(text) => into.push_str(text),
                Node::Element(element) => element.collect(into),
            }
        }
    }

    fn push_text(&mut self, text: &str) {
        if let Some(Node::Text(last)) = self.children.last_mut() {
            last.push_str(text);
        } else {
            self.children.push(Node::Text(text.to_owned()));
        }
    }
}

pub(crate) fn parse(text: &str) -> Result<Element, String> {
    let mut reader = Reader::from_str(text);
    // The last element of the stack is the one being filled; the first stands for the document.
    let mut stack = vec![Element::default()];
    loop {
        match reader.read_event().map_err(|e| e.to_string())? {
            Event::Start(start) => {
                if stack.len() > MAX_DEPTH {
                    return Err("nested too deeply".into());
                }
                stack.push(open(&start)?);
            }
            Event::Empty(start) => add(&mut stack, Node::Element(open(&start)?))?,
            Event::End(_) => {
                let element = stack.pop().ok_or("unbalanced")?;
                add(&mut stack, Node::Element(element))?;
            }
            Event::Text(text) => last(&mut stack)?.push_text(&text.xml10_content()),
            Event::CData(text) => last(&mut stack)?.push_text(&text.xml10_content()),
            Event::GeneralRef(reference) => {
                let name = reference.xml10_content();
                let text = quick_xml::escape::unescape(&format!("&{name};")).map_err(|e| e.to_string())?.into_owned();
                last(&mut stack)?.push_text(&text);
            }
            Event::DocType(_) => return Err("a document type is not allowed".into()),
            Event::Decl(_) | Event::PI(_) | Event::Comment(_) => {}
            Event::Eof => break,
        }
    }
    let (Some(document), true) = (stack.pop(), stack.is_empty()) else {
        return Err("an element is not closed".into());
    };
    let mut root = None;
    for node in document.children {
        match node {
            Node::Element(element) if root.is_none() => root = Some(element),
            Node::Element(_) => return Err("more than one root element".into()),
            Node::Text(_) if node.is_blank() => {}
            Node::Text(_) => return Err("text outside the root element".into()),
        }
    }
    root.ok_or_else(|| "no root element".into())
}

fn open(start: &BytesStart<'_>) -> Result<Element, String> {
    let mut attributes = Vec::new();
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|e| e.to_string())?;
        let value = attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|e| e.to_string())?;
        attributes.push((attribute.key.0.to_owned(), value.into_owned()));
    }
    Ok(Element { name: start.name().0.to_owned(), attributes, children: Vec::new() })
}

fn last(stack: &mut [Element]) -> Result<&mut Element, String> {
    stack.last_mut().ok_or_else(|| "unbalanced".into())
}

fn add(stack: &mut [Element], node: Node) -> Result<(), String> {
    last(stack)?.children.push(node);
    Ok(())
}

"""A JSON-LD catalogue as RDF/XML."""

from collections.abc import Callable
from xml.etree import ElementTree


def write_rdf(catalogue: dict, language: str) -> bytes:
    """Write a catalogue as RDF/XML, node by node."""
    names = catalogue["@context"] | {"rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#"}
    for prefix, address in names.items():
        ElementTree.register_namespace(prefix, address)

    def expand(name: str) -> str:
        prefix, _colon, rest = name.partition(":")
        return f"{{{names[prefix]}}}{rest}"

    root = ElementTree.Element(expand("rdf:RDF"))
    for node in catalogue["@graph"]:
        element = ElementTree.SubElement(root, expand(node["@type"]), {expand("rdf:about"): node["@id"]})
        for name, values in node.items():
            if name.startswith("@"):
                continue
            for value in values if isinstance(values, list) else [values]:
                _write_value(ElementTree.SubElement(element, expand(name)), value, expand)
    ElementTree.indent(root)
    rdf: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return rdf


def _write_value(element: ElementTree.Element, value: str | dict, expand: Callable[[str], str]) -> None:
    """Write a JSON-LD value into an element; expand gives the element name of a prefixed one."""
    if isinstance(value, str):
        element.text = value
    elif "@id" in value:
        element.set(expand("rdf:resource"), value["@id"])
    else:
        element.text = value["@value"]
        if "@language" in value:
            element.set("{http://www.w3.org/XML/1998/namespace}lang", value["@language"])
        else:
            # A datatype is a whole URL, where an element name has braces around its namespace.
            element.set(expand("rdf:datatype"), expand(value["@type"]).lstrip("{").replace("}", ""))

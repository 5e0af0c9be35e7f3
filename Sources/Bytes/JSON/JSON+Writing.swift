/// The layout of JSON text.
public enum JSONLayout: Sendable {
  /// No white space: `{"a":1}`.
  case compact
  /// A member or element to a line, two spaces deeper each level, as Python's `json.dumps(indent=2)`.
  case indented
}

/// The characters of a JSON string that are written as escapes.
public enum JSONEscaping: Sendable {
  /// Escapes only the characters that JSON demands; other text stays UTF-8.
  case minimal
  /// Everything outside ASCII becomes `\uXXXX`, the default of Python.
  case asciiOnly
}

extension JSON {
  /// The text of this value.
  public func text(_ layout: JSONLayout = .indented, escaping: JSONEscaping = .minimal) -> String {
    var writer = Writer(layout: layout, escaping: escaping)
    writer.write(self, depth: 0)
    return String(decoding: writer.bytes, as: UTF8.self)
  }

  /// The bytes of this value with a final newline when indented.
  public func encoded(_ layout: JSONLayout = .indented, escaping: JSONEscaping = .minimal) -> [UInt8] {
    var writer = Writer(layout: layout, escaping: escaping)
    writer.write(self, depth: 0)
    if layout == .indented { writer.bytes.append(0x0A) }
    return writer.bytes
  }

  private struct Writer {
    let layout: JSONLayout
    let escaping: JSONEscaping
    var bytes: [UInt8] = []

    mutating func write(_ value: JSON, depth: Int) {
      switch value {
      case .null: append("null")
      case .bool(let value): append(value ? "true" : "false")
      case .number(let value): append(value.text)
      case .string(let value): string(value)
      case .array(let elements):
        list("[", "]", elements.count, depth) { writer, index in writer.write(elements[index], depth: depth + 1) }
      case .object(let members):
        list("{", "}", members.count, depth) { writer, index in
          let member = members.elements[index]
          writer.string(member.key.text)
          writer.append(writer.layout == .compact ? ":" : ": ")
          writer.write(member.value, depth: depth + 1)
        }
      }
    }

    mutating func append(_ text: String) { bytes.append(contentsOf: text.utf8) }

    mutating func list(
      _ open: String, _ close: String, _ count: Int, _ depth: Int, _ element: (inout Self, Int) -> Void
    ) {
      append(open)
      for index in 0..<count {
        if index > 0 { append(",") }
        newline(depth + 1)
        element(&self, index)
      }
      if count > 0 { newline(depth) }
      append(close)
    }

    mutating func newline(_ depth: Int) {
      guard layout == .indented else { return }
      bytes.append(0x0A)
      for _ in 0..<depth { append("  ") }
    }

    mutating func string(_ text: String) {
      bytes.append(0x22)
      for scalar in text.unicodeScalars {
        switch scalar.value {
        case 0x22: append("\\\"")
        case 0x5C: append("\\\\")
        case 0x08: append("\\b")
        case 0x09: append("\\t")
        case 0x0A: append("\\n")
        case 0x0C: append("\\f")
        case 0x0D: append("\\r")
        case 0..<0x20: escape(UInt16(scalar.value))
        case 0x20..<0x7F: bytes.append(UInt8(scalar.value))
        case 0x7F where escaping == .asciiOnly: bytes.append(0x7F)
        default:
          if escaping == .asciiOnly {
            for unit in UTF16.encode(scalar).map(Array.init) ?? [] { escape(unit) }
          } else {
            bytes.append(contentsOf: UTF8.encode(scalar).map(Array.init) ?? [])
          }
        }
      }
      bytes.append(0x22)
    }

    mutating func escape(_ unit: UInt16) {
      let digits = String(unit, radix: 16)
      append("\\u" + String(repeating: "0", count: 4 - digits.count) + digits)
    }
  }
}

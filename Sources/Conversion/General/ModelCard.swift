import Bytes

/// The facts in the front matter of a model's `README.md`: the YAML between its first line, `---`, and the next `---`.
///
/// A card that cannot be parsed is ignored with a remark; it is never an error.
public struct ModelCard: Sendable {
  let entries: YAML.Mapping
  /// Remarks about ignored entries.
  public let remarks: [String]

  /// Front matter longer than this is ignored; a thousand tags have a tenth of it.
  public static let maximumFrontMatterByteCount = 1 << 18

  /// No card.
  public static let none = ModelCard(entries: [:], remarks: [])

  private init(entries: YAML.Mapping, remarks: [String]) {
    self.entries = entries
    self.remarks = remarks
  }

  /// Reads the front matter of the `README.md` with these bytes, which need not have any.
  public init(readme bytes: [UInt8]) {
    func ignored(_ reason: String) -> ModelCard {
      ModelCard(entries: [:], remarks: ["README.md: \(reason); the model card was ignored"])
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      self = ignored("is not UTF-8")
      return
    }
    guard let frontMatter = Self.frontMatter(text.unicodeScalars) else {
      self = .none
      return
    }
    guard frontMatter.utf8.count <= Self.maximumFrontMatterByteCount else {
      self = ignored("front matter is longer than \(Self.maximumFrontMatterByteCount.grouped) bytes")
      return
    }
    do throws(YAMLError) {
      let value = try YAMLParser.value(frontMatter)
      self = value.mapping.map { ModelCard(entries: $0, remarks: []) } ?? ignored("front matter has no keys")
    } catch {
      self = ignored("front matter line \(error.line + 1) is not understood")
    }
  }

  /// The lines between the marks, each ending in a newline; nil if the first line is not `---`.
  ///
  /// Tabs become two spaces and a list's `no`, the language, is quoted, as the reference converter has it.
  private static func frontMatter(_ text: String.UnicodeScalarView) -> String? {
    guard text.starts(with: mark), text.dropFirst(mark.count).first.map(endsLine) ?? true else { return nil }
    var matter: [Unicode.Scalar] = []
    var line: [Unicode.Scalar] = []
    var previous: Unicode.Scalar?
    for scalar in text.dropFirst(mark.count + 1) {
      // "\r\n" is one break, which its first half has ended; the first line's was dropped above.
      let isSecondHalf = scalar == "\n" && (previous == "\r" || previous == nil && hasReturn(text))
      previous = scalar
      guard !isSecondHalf else { continue }
      guard endsLine(scalar) else {
        line.append(scalar)
        continue
      }
      if line == mark { return matter.text }
      append(line, to: &matter)
      line = []
    }
    if line != mark { append(line, to: &matter) }
    return matter.text
  }

  private static let mark: [Unicode.Scalar] = ["-", "-", "-"]

  /// Whether the first line ends with a carriage return.
  private static func hasReturn(_ text: String.UnicodeScalarView) -> Bool {
    text.dropFirst(mark.count).first == "\r"
  }

  private static func append(_ line: [Unicode.Scalar], to matter: inout [Unicode.Scalar]) {
    let isNorwegian = line.suffix(4).elementsEqual("- no".unicodeScalars)
    for scalar in isNorwegian ? line.dropLast(2) : line[...] {
      matter += scalar == "\t" ? [" ", " "] : [scalar]
    }
    matter += Array((isNorwegian ? "\"no\"\n" : "\n").unicodeScalars)
  }

  /// Whether Python's `splitlines` splits here.
  private static func endsLine(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x0A...0x0D, 0x1C...0x1E, 0x85, 0x2028, 0x2029: true
    default: false
    }
  }
}

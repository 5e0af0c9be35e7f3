import Bytes

/// The parts of a model's name: `Llama-2-7b-chat-hf` is version 2 of Llama, of size 7B, tuned for chats.
///
/// The rules are those of llama.cpp's `gguf-py/gguf/metadata.py` (`get_model_id_components`).
public struct ModelName: Sendable, Equatable {
  /// The name without the organization, as it was spelled.
  public var full: String
  /// The part before the first `/`.
  public var organization: String?
  /// The family's name, perhaps with a version: `Llama-2`.
  public var basename: String?
  /// The purpose of tuning: `chat-hf`.
  public var finetune: String?
  /// `v0.1`, `2`, and all version parts joined.
  public var version: String?
  /// `7B`, `8x7B`, `mini`.
  public var sizeLabel: String?

  /// Takes `name` apart, a folder's name or an identifier `organization/name`.
  ///
  /// - Parameter parameterCount: of the model at hand: a size far from it is a context length. 0 if unknown, and less for
  ///   an adapter: its size, which is that of a part of the model.
  public static func components(_ name: String, parameterCount: Int) -> ModelName {
    let scalars = Array(name.unicodeScalars)
    // A name with spaces is meant for people and follows no convention.
    if scalars.contains(" ") { return ModelName(full: name) }
    var result = ModelName(full: name)
    if let slash = scalars.firstIndex(of: "/") {
      result.full = scalars[(slash + 1)...].text
      // "./model" and "../model" are paths.
      result.organization = scalars.first == "." ? nil : scalars[..<slash].text
    }
    var parts = result.full.unicodeScalars.split(separator: "-").enumerated().map { index, scalars in
      ModelNamePart(Array(scalars), isFirst: index == 0, parameterCount: parameterCount)
    }
    dropWordsBesideNumbers(&parts)
    markBasename(&parts)

    func joined(_ roles: (Set<ModelNamePart.Role>) -> Bool) -> [String] {
      parts.filter { roles($0.roles) }.map(\.scalars.text)
    }
    result.finetune = joined { $0.contains(.finetune) }.joinedByDashes
    result.version = joined { $0.contains(.version) && !$0.contains(.basename) }.joinedByDashes
    var labels: [ExactString] = []
    for label in joined({ $0.contains(.sizeLabel) }).map({ ExactString($0) }) where !labels.contains(label) {
      labels.append(label)
    }
    result.sizeLabel = labels.map(\.text).joinedByDashes
    // A basename alone would be the whole name, which says nothing.
    if result.sizeLabel != nil || result.finetune != nil || result.version != nil {
      result.basename = joined { $0.contains(.basename) }.joinedByDashes
    }
    return result
  }

  /// The name as a title: `some-model v1` becomes `Some Model v1`.
  ///
  /// Words with a capital stay, as do versions and words that begin with a digit.
  public static func title(_ name: String) -> String {
    let words = name.unicodeScalars.split { $0 == "-" || $0.isPythonSpace }
    return words.map { word in
      word.isPythonLowercase && !staysInTitle(word) ? word.pythonTitle : word.text
    }
    .joined(separator: " ")
  }

  /// Whether the word is `v\d+(\.\d+)*` or `\d.*`.
  private static func staysInTitle(_ word: Substring.UnicodeScalarView) -> Bool {
    guard let first = word.first else { return false }
    return first.isDecimalDigit || first == "v" && ModelNamePart.isDottedNumber(Array(word.dropFirst()))
  }

  /// `x-mini-4B`: where a number states the size, `mini` is part of the name.
  private static func dropWordsBesideNumbers(_ parts: inout [ModelNamePart]) {
    let hasNumber = parts.contains { $0.roles.contains(.sizeLabel) && $0.scalars.contains(where: \.isDecimalDigit) }
    guard hasNumber else { return }
    for index in parts.indices where parts[index].scalars.allSatisfy(\.isLetter) {
      parts[index].roles.remove(.sizeLabel)
    }
  }

  /// The basename is the words and versions at the start, without versions at its end; other words are the finetune.
  private static func markBasename(_ parts: inout [ModelNamePart]) {
    var isAtStart = true
    for index in parts.indices {
      let part = parts[index]
      if isAtStart, part.roles.contains(.version) || part.roles.isEmpty && part.scalars.first?.isLetter == true {
        parts[index].roles.insert(.basename)
      } else {
        isAtStart = false
        if part.roles.isEmpty { parts[index].roles.insert(.finetune) }
      }
    }
    for index in parts.indices.reversed() {
      guard parts[index].roles.contains(.basename), parts[index].roles.count > 1 else { break }
      parts[index].roles.remove(.basename)
    }
  }

  init(full: String) { self.full = full }
}

extension [String] {
  /// The elements joined by dashes; nil if there are none.
  fileprivate var joinedByDashes: String? { isEmpty ? nil : joined(separator: "-") }
}

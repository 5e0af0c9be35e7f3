import Bytes

/// A token that is found in text before anything else happens to it.
public struct AddedToken: Sendable, Hashable {
  /// The id.
  public var id: Int
  /// The text that is looked for.
  public var text: String
  /// Whether it steers the model and is left out of decoded text.
  public var isSpecial: Bool
  /// Whether it is looked for in normalized text, after those that are not.
  public var isNormalized: Bool
  /// Whether white space before it belongs to it.
  public var takesSpaceBefore: Bool
  /// Whether white space behind it belongs to it.
  public var takesSpaceBehind: Bool
  /// Whether it only counts where no word continues on either side.
  public var isWholeWord: Bool

  /// A token that is looked for in the text as it is.
  public init(
    id: Int, text: String, isSpecial: Bool, isNormalized: Bool = false, takesSpaceBefore: Bool = false,
    takesSpaceBehind: Bool = false, isWholeWord: Bool = false
  ) {
    self.id = id
    self.text = text
    self.isSpecial = isSpecial
    self.isNormalized = isNormalized
    self.takesSpaceBefore = takesSpaceBefore
    self.takesSpaceBehind = takesSpaceBehind
    self.isWholeWord = isWholeWord
  }

  /// The token that an entry of `added_tokens`, `added_tokens_decoder` or `special_tokens_map.json` describes.
  init?(_ json: JSON, id: Int) {
    guard let text = json["content"]?.string else { return nil }
    let isSpecial = json["special"]?.bool ?? false
    self.init(
      id: id, text: text, isSpecial: isSpecial, isNormalized: json["normalized"]?.bool ?? !isSpecial,
      takesSpaceBefore: json["lstrip"]?.bool ?? false, takesSpaceBehind: json["rstrip"]?.bool ?? false,
      isWholeWord: json["single_word"]?.bool ?? false)
  }

  /// The members that describe the token in `added_tokens_decoder` of `tokenizer_config.json`.
  var json: JSON {
    .members([
      "content": .string(text), "lstrip": .bool(takesSpaceBefore), "normalized": .bool(isNormalized),
      "rstrip": .bool(takesSpaceBehind), "single_word": .bool(isWholeWord), "special": .bool(isSpecial),
    ])
  }
}

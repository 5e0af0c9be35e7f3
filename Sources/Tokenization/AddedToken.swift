import Bytes

/// A token that is found in a text before the text is normalized and split.
public struct AddedToken: Sendable, Hashable {
  /// The properties of an added token, by the names that Hugging Face's files have for them.
  public struct Options: OptionSet, Sendable, Hashable {
    public let rawValue: Int
    public init(rawValue: Int) { self.rawValue = rawValue }

    /// A control token, which is left out of decoded text.
    public static let special = Options(rawValue: 1 << 0)
    /// Matched in normalized text, after the tokens that are not.
    public static let normalized = Options(rawValue: 1 << 1)
    /// Includes the white space before it.
    public static let lstrip = Options(rawValue: 1 << 2)
    /// Includes the white space after it.
    public static let rstrip = Options(rawValue: 1 << 3)
    /// Matched only if no word continues on either side.
    public static let singleWord = Options(rawValue: 1 << 4)

    /// The options with their members in Hugging Face's files.
    static let members: KeyValuePairs<String, Options> = [
      "content": [], "single_word": .singleWord, "lstrip": .lstrip, "rstrip": .rstrip, "normalized": .normalized,
      "special": .special,
    ]
  }

  public var id: Int
  /// The string that is matched.
  public var text: String
  public var options: Options

  /// Creates a token; without options it is matched in the text as it is.
  public init(id: Int, text: String, options: Options = []) {
    self.id = id
    self.text = text
    self.options = options
  }

  /// Reads an entry of `added_tokens`, `added_tokens_decoder` or `special_tokens_map.json`.
  init?(_ json: JSON, id: Int) {
    guard let text = json["content"]?.string else { return nil }
    self.init(id: id, text: text)
    for (member, option) in Options.members where json[member]?.bool == true { options.formUnion(option) }
    if json["normalized"]?.bool == nil, !options.contains(.special) { options.insert(.normalized) }
  }

  /// The members that describe the token in a file, in the order of `tokenizer.json`.
  var members: JSON.Object {
    var members: JSON.Object = [:]
    for (member, option) in Options.members {
      members[ExactString(member)] = option.isEmpty ? .string(text) : .bool(options.contains(option))
    }
    return members
  }
}

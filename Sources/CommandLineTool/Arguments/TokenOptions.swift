import ArgumentParser
import Ingot

/// The tokens a model is run on: ids, or a text and the model's own tokenizer.
struct TokenOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Token ids, separated by commas.", valueName: "ids"))
  var tokens: TokenList?

  @Option(help: "A text, for the model's own tokenizer.")
  var text: String?

  /// The tokens for `model`.
  func tokens(for model: Model) throws -> [Int] {
    if let tokens { return tokens.ids }
    return try model.tokenizer().encode(text ?? "")
  }
}

/// `1,2,3`: the ids of tokens.
struct TokenList: ExpressibleByArgument {
  let ids: [Int]

  init?(argument: String) {
    var ids: [Int] = []
    for part in argument.split(separator: ",", omittingEmptySubsequences: false) {
      guard let id = Int(part.filter { $0 != " " }), id >= 0 else { return nil }
      ids.append(id)
    }
    self.ids = ids
  }
}

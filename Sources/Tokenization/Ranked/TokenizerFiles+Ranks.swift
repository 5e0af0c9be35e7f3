import Bytes

extension TokenizerFiles {
  static let tekkenFile = "tekken.json"

  /// Makes a `tokenizer.json` of a tiktoken file or of `tekken.json`, unless there is one.
  ///
  /// - Parameters:
  ///   - bytes: reads a file of `folder`.
  ///   - json: reads a JSON file of `folder`.
  mutating func readRanks(
    _ folder: any FileTree, bytes: (String) throws -> [UInt8]?, json: (String) throws -> JSON?
  ) throws {
    let llamaModel = sentencePiece.flatMap { RankedTokens.isTiktoken($0) ? $0 : nil }
    if llamaModel != nil { sentencePiece = nil }
    // Some folders have the one file under the other's name.
    let renamedTekken = tokenizer.flatMap { $0["model"] == nil && $0["config"]?["pattern"] != nil ? $0 : nil }
    guard tokenizer == nil || renamedTekken != nil else { return }
    if renamedTekken == nil {
      guard let file = llamaModel == nil ? try Self.rankedFile(folder) : "tokenizer.model" else { return }
      tokenizerFile = file
    }
    let tekken = try renamedTekken ?? (tokenizerFile == Self.tekkenFile ? json(tokenizerFile) ?? .null : nil)
    let content = try tekken == nil ? llamaModel ?? bytes(tokenizerFile) : nil
    let parameters = try model ?? json("params.json")
    do throws(VocabularyError) {
      let ranked =
        if let tekken {
          try RankedTokens(tekken: tekken)
        } else {
          try RankedTokens(
            tiktoken: content ?? [], RankedFamily(tiktokenFile: tokenizerFile, configuration: configuration),
            configuration: configuration, model: parameters)
        }
      rankedFamily = ranked.family
      tekkenVersion = tekken?["config"]?["version"]?.string
      tokenizer = ranked.tokenizer
      if tekken != nil { sentencePiece = nil }
      if configuration == nil, !ranked.roles.isEmpty { configuration = ranked.configuration }
    } catch {
      throw LocatedError(path: folder.path(of: tokenizerFile), reason: error)
    }
  }

  /// The first file of `folder` that contains ranked tokens by its name; nil if there is none.
  private static func rankedFile(_ folder: any FileTree) throws -> String? {
    let names = try folder.names(in: "").filter { $0.hasSuffix(RankedFamily.qwenEnding) }.sorted()
    return ([RankedFamily.kimiFile] + names + [tekkenFile]).first { folder.hasFile($0) }
  }
}

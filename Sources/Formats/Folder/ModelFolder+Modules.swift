import Bytes

// sentence-transformers puts stages behind an encoder. modules.json lists them:
//
//   [{"path": "", "type": "sentence_transformers.models.Transformer"},
//    {"path": "1_Pooling", "type": "sentence_transformers.models.Pooling"}]
//
// The folder of the pooling stage has a config.json with a flag for each mode, "pooling_mode_cls_token", or in newer
// versions the word, "pooling_mode": "cls".

extension ModelFolder {
  /// The file that lists the stages.
  public static let modulesFile = "modules.json"

  /// The flags of pooling modes and the words for them, in the order in which the reference converter asks.
  private static let poolingFlags: KeyValuePairs = [
    "pooling_mode_mean_tokens": "mean", "pooling_mode_cls_token": "cls", "pooling_mode_lasttoken": "lasttoken",
  ]

  /// The folders of the stages that have one, by name.
  public func moduleFolders() throws -> [String] {
    try modules().map(\.path).filter { Self.isPlainName($0) && FileSystem.kind(of: path(of: $0)) == .folder }
  }

  /// How the vectors of all positions become one: `mean`, `cls`, `lasttoken` or another word of the stage; nil if there
  /// is no such stage.
  public func poolingMode() throws -> String? {
    guard let module = try modules().first(where: { $0.type.hasSuffix("Pooling") }), Self.isPlainName(module.path)
    else {
      return nil
    }
    let file = FileSystem.join(path(of: module.path), "config.json")
    guard FileSystem.kind(of: file) == .regular else { return nil }
    let members = try JSON(file: file, limit: Self.maximumSideFileByteCount)
    for (flag, word) in Self.poolingFlags where members[flag]?.bool == true { return word }
    if let word = members["pooling_mode"]?.string { return word }
    return (members.object ?? [:]).first { $0.value.bool == true && $0.key.text.hasPrefix("pooling_mode_") }?.key.text
  }

  private func modules() throws -> [(path: String, type: String)] {
    (try json(Self.modulesFile)?.array ?? []).compactMap { entry in
      guard let path = entry["path"]?.string, let type = entry["type"]?.string else { return nil }
      return (path, type)
    }
  }

  /// A stage lies in the model's folder itself, whatever its path says.
  private static func isPlainName(_ name: String) -> Bool {
    !name.isEmpty && !name.hasPrefix(".") && !name.utf8.contains(UInt8(ascii: "/")) && !name.utf8.contains(0)
  }
}

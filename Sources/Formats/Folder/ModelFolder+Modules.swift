import Bytes

// sentence-transformers adds stages after an encoder. modules.json lists them:
//
//   [{"path": "", "type": "sentence_transformers.models.Transformer"},
//    {"path": "1_Pooling", "type": "sentence_transformers.models.Pooling"}]
//
// The folder of the pooling stage has a config.json with a flag for each mode, "pooling_mode_cls_token", or in newer
// versions the mode's name, "pooling_mode": "cls".

extension ModelFolder {
  /// The file that lists the stages.
  public static let modulesFile = "modules.json"

  /// The flags of pooling modes and the modes' names, in the order in which llama.cpp's converter tests them.
  private static let poolingFlags: KeyValuePairs = [
    "pooling_mode_mean_tokens": "mean", "pooling_mode_cls_token": "cls", "pooling_mode_lasttoken": "lasttoken",
  ]

  /// The folders of the stages that exist, by name.
  public func moduleFolders() throws -> [String] {
    try modules().map(\.path).filter { Self.isPlainName($0) && tree.kind(of: $0) == .folder }
  }

  /// The pooling mode: `mean`, `cls`, `lasttoken` or another name of the stage; nil without a pooling stage.
  public func poolingMode() throws -> String? {
    guard let module = try modules().first(where: { $0.type.hasSuffix("Pooling") }), Self.isPlainName(module.path)
    else {
      return nil
    }
    let file = Path.join(module.path, "config.json")
    guard tree.hasFile(file) else { return nil }
    let members = try JSON.sideFile(tree.open(file), limit: Self.maximumSideFileByteCount).value
    for (flag, word) in Self.poolingFlags where members[flag]?.bool == true { return word }
    if let word = members["pooling_mode"]?.string { return word }
    return (members.object ?? [:]).first { $0.value.bool == true && $0.key.text.hasPrefix("pooling_mode_") }?.key.text
  }

  /// The folders of dense stages, which multiply the pooled vector by a matrix.
  public func denseModules() throws -> [String] {
    try modules().filter { $0.type.hasSuffix(".Dense") && Self.isPlainName($0.path) }.map(\.path)
  }

  private func modules() throws -> [(path: String, type: String)] {
    (try json(Self.modulesFile)?.array ?? []).compactMap { entry in
      guard let path = entry["path"]?.string, let type = entry["type"]?.string else { return nil }
      return (path, type)
    }
  }

  /// A stage must be a direct subfolder of the model's folder.
  private static func isPlainName(_ name: String) -> Bool {
    !name.isEmpty && !name.hasPrefix(".") && !name.utf8.contains(UInt8(ascii: "/")) && !name.utf8.contains(0)
  }
}

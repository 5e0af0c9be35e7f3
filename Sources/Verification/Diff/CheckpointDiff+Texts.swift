import Bytes
import Formats
import Models
import Tensors
import Tokenization

extension CheckpointDiff {
  /// Files of a folder that are compared as texts.
  private static let fileNames = ["config.json", "generation_config.json"]
  /// The greatest size of such a file.
  private static let fileByteLimit = 16 << 20

  /// The differences of configuration files, GGUF metadata and chat templates as texts.
  ///
  /// Configuration files are compared between folders, metadata between GGUFs, without the tokens and their arrays.
  ///
  /// - Throws: if a file cannot be read.
  public func textDifferences() throws -> [TextDifference] {
    var differences: [TextDifference] = []
    if let one = reference.model?.facts.configuration == nil ? nil : reference.model?.folder?.tree,
      let other = candidate.model?.facts.configuration == nil ? nil : candidate.model?.folder?.tree
    {
      for name in Self.fileNames {
        let texts = try [one, other].map { tree in
          tree.hasFile(name)
            ? String(decoding: try tree.open(name).wholeContent(limit: Self.fileByteLimit), as: UTF8.self) : ""
        }
        if let difference = TextDifference(name, texts[0], texts[1]) { differences.append(difference) }
      }
    }
    if let one = reference.checkpoint.ggufMetadata, let other = candidate.checkpoint.ggufMetadata,
      let difference = TextDifference("metadata", one.lines, other.lines)
    {
      differences.append(difference)
    }
    let templates = try [reference, candidate].map { try $0.chatTemplates() }
    for name in Set(templates[0].keys).union(templates[1].keys).sorted() {
      let subject = name == "default" ? "chat template" : "chat template \(name.quoted)"
      if let difference = TextDifference(subject, templates[0][name] ?? "", templates[1][name] ?? "") {
        differences.append(difference)
      }
    }
    return differences
  }
}

extension DiffSide {
  /// The chat templates by name.
  fileprivate func chatTemplates() throws -> [String: String] {
    let templates =
      try checkpoint.ggufMetadata.map { Vocabulary.chatTemplates(in: $0) }
      ?? model?.vocabulary()?.vocabulary.chatTemplates
    return Dictionary((templates ?? []).map { ($0.name, $0.text) }, uniquingKeysWith: { first, _ in first })
  }
}

extension Metadata {
  /// A line for each pair but the chat templates: `general.file_type = 15`.
  fileprivate var lines: String {
    pairs.filter { !$0.key.text.hasPrefix("tokenizer.chat_template") }
      .map { "\($0.key.text.escapedForDisplay) = \($0.value.display(limit: 16))\n" }.joined()
  }
}

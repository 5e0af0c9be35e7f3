import Tensors

extension Vocabulary {
  /// The sides on which llama.cpp drops white space next to tokens.
  ///
  /// No key of a GGUF states it: llama.cpp goes by the names of pre-tokenizer, architecture and model
  /// (`llama_vocab::impl::load`, "per token attributes").
  func strippedSides(of metadata: Metadata) -> [Int: AddedToken.Options] {
    let architecture = metadata["general.architecture"]?.text ?? ""
    let name = (metadata["general.name"]?.text ?? "").lowercased()
    func contains(_ text: String, _ parts: [String]) -> Bool { parts.contains { text.contains($0) } }
    func sides(of text: String) -> [Int: AddedToken.Options] { id(ofText: text).map { [$0: .lstrip] } ?? [:] }
    if contains(metadata[Keys.pre]?.text ?? "", ["jina-v2-de", "jina-v2-es", "jina-v2-code"])
      || contains(architecture, ["nomic-bert-moe", "jina-bert-v3"])
    {
      return sides(of: "<mask>")
    }
    if contains(name, ["phi-3", "phi3"]) {
      let others = ["<unk>", "<s>", "<|endoftext|>"]
      var sides: [Int: AddedToken.Options] = [:]
      let textTypes = SpecialTokenTexts.types(in: self)
      for id in tokens.indices {
        switch textTypes[id] ?? types[id] {
        case .control, .unknown, .userDefined: if !others.contains(tokens.text(id)) { sides[id] = .rstrip }
        default: if tokens[id].elementsEqual("</s>".utf8) { sides[id] = .rstrip }
        }
      }
      return sides
    }
    return contains(name, ["modern-bert"]) ? sides(of: "[MASK]") : [:]
  }
}

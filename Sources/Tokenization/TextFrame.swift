import Bytes

/// The special tokens that encoding puts around a text.
public struct TextFrame: Sendable, Hashable {
  /// The ids before the text.
  public var before: [Int]
  /// The ids behind the text.
  public var behind: [Int]

  /// A frame of these ids.
  public init(before: [Int] = [], behind: [Int] = []) {
    self.before = before
    self.behind = behind
  }
}

extension TextFrame {
  /// The frame that the post-processor of a `tokenizer.json` spells out; nothing is put where there is none.
  ///
  /// - Parameter id: gives the id of a token's text.
  init(postProcessor: JSON?, id: (String) -> Int?) {
    self.init()
    guard let postProcessor else { return }
    for processor in postProcessor["processors"]?.array ?? [postProcessor] {
      switch processor["type"]?.string {
      case "TemplateProcessing":
        var isBehind = false
        for part in processor["single"]?.array ?? [] {
          guard let name = part["SpecialToken"]?["id"]?.string else {
            isBehind = isBehind || part["Sequence"] != nil
            continue
          }
          let listed = processor["special_tokens"]?[name]?["ids"]?.array?.compactMap(\.integer)
          let ids = listed ?? [id(name)].compactMap { $0 }
          if isBehind { behind += ids } else { before += ids }
        }
      case "RobertaProcessing", "BertProcessing":
        before += [processor["cls"]?.array?.last?.integer].compactMap { $0 }
        behind += [processor["sep"]?.array?.last?.integer].compactMap { $0 }
      default: break
      }
    }
  }
}

extension Vocabulary {
  /// What encoding puts around a text: the frame a file spells out, or else what the additions say.
  ///
  /// Where a GGUF is silent about the start, llama.cpp's assumption holds: SentencePiece vocabularies have one.
  var effectiveFrame: TextFrame {
    if let frame { return frame }
    let addsStart = adds(.bos) ?? (kind == .sentencePiece || ignoresMerges)
    return TextFrame(
      before: addsStart ? [id(of: .bos)].compactMap { $0 } : [],
      behind: adds(.eos) == true ? [id(of: .eos)].compactMap { $0 } : [])
  }
}

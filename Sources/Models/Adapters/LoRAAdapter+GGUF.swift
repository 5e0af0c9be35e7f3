import Bytes
import Formats
import Tensors

// general.type "adapter", adapter.type "lora", general.architecture as in the GGUF of the model
// adapter.lora.alpha   f32: the numerator of the scale, alpha / r
// NAME.lora_a          [r, in], of the tensor NAME of the model's GGUF: blk.0.attn_q.weight
// NAME.lora_b          [out, r], its rows in the order in which the GGUF stores those of NAME
//
// An embedding looks rows up by A: token_embd.weight.lora_a is [rows, r], and token_embd.weight.lora_b [width, r].
// Source: llama.cpp 0c1e57098, convert_lora_to_gguf.py and llama-adapter.cpp.

extension LoRAAdapter {
  static let typeKey = "adapter.type", alphaKey = "adapter.lora.alpha"
  /// The name of the embedding, whose factors are stored otherwise.
  static let embeddingName = "token_embd.weight"

  /// Opens `file` if it is a GGUF with an adapter; nil for any other file.
  static func gguf(_ file: any ByteSource, in folder: any FileTree) throws -> Checkpoint? {
    guard (try? FormatSniffer.mayIncludeTokenizer(file)) == true else { return nil }
    let checkpoint = try Checkpoint.open(InputLocation(folder: folder, file: file))
    guard let metadata = checkpoint.ggufMetadata, metadata["general.type"]?.text == "adapter" else { return nil }
    return checkpoint
  }

  /// The factors of a GGUF under the names of the weights without their last word, and alpha.
  static func pairs(ofGGUF weights: Checkpoint) throws(AdapterError) -> ([LoRAPair], alpha: Double) {
    if let type = weights.metadata[typeKey]?.text, type != "lora" {
      throw .unsupported("an adapter of type \(type.quoted)")
    }
    guard let alpha = weights.metadata[alphaKey]?.real, alpha.isFinite else {
      throw .member(alphaKey, expected: "a number")
    }
    var pairs: [LoRAPair] = []
    for a in weights.tensors {
      guard let (name, factor) = Self.factor(a.name) else { throw .unsupported("the tensor \(a.name.text.quoted)") }
      guard factor == .a else {
        guard weights.tensor(TensorName(name + ".lora_a")) != nil else {
          throw .halfPair(module: name, missing: "lora_a")
        }
        continue
      }
      guard let b = weights.tensor(TensorName(name + ".lora_b")) else {
        throw .halfPair(module: name, missing: "lora_b")
      }
      guard a.shape.rank <= 2, b.shape.rank <= 2 else { throw .stacked(name) }
      let isEmbedding = name == embeddingName
      // llama.cpp's programs leave out leading dimensions of 1.
      let (first, second) = (a.matrix, b.matrix)
      let up = LoRAUpdate.Factor(tensor: isEmbedding ? first : second, isTransposed: false)
      let down = LoRAUpdate.Factor(tensor: isEmbedding ? second : first, isTransposed: isEmbedding)
      guard up.dimensions[1] == down.dimensions[0], down.dimensions[0] > 0, name.hasSuffix(".weight") else {
        throw .wrongFactors(
          module: name, found: "lora_a has shape \(a.shape) and lora_b \(b.shape)", expected: "r × in and out × r")
      }
      pairs.append(
        LoRAPair(
          module: String(name.dropLast(".weight".count)), up: up, down: down, isEmbedding: isEmbedding,
          scale: Float(alpha / Double(down.dimensions[0]))))
    }
    guard !pairs.isEmpty else { throw .noUpdates }
    return (pairs, alpha)
  }

  private static func factor(_ name: TensorName) -> (name: String, AdapterTensorName.Factor)? {
    for (end, factor) in [(".lora_a", AdapterTensorName.Factor.a), (".lora_b", .b)] where name.text.hasSuffix(end) {
      return (String(name.text.dropLast(end.count)), factor)
    }
    return nil
  }
}

extension TensorDescriptor {
  /// The tensor with two dimensions.
  fileprivate var matrix: TensorDescriptor {
    guard shape.rank < 2, let matrix = Shape([1, shape.elementCount]) else { return self }
    return shaped(matrix)
  }
}

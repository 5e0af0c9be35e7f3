import Bytes
import Formats
import Tensors
import TestSupport

/// A model of random numbers in a shape of `fixtures/recipes`, written as `fixtures/generate/make_recipes.py` writes it.
struct RecipeModel {
  static let shapeNames: [String] = {
    let items = (try? Fixtures.json("recipes", "formats.json"))?.array ?? []
    return Set(items.compactMap { $0["shape"]?["name"]?.string }).sorted()
  }()

  private let shape: JSON

  init(_ shape: JSON) { self.shape = shape }

  /// Writes the model in F32, with random numbers or zeros.
  func write(to path: String, zeros: Bool = false) throws {
    let tensors = self.tensors
    let layout = try GGUF.Layout(tensors: tensors, metadata: metadata)
    let file = try AtomicFile(path, overwrite: .replace)
    try file.reserve(layout.fileByteCount)
    try file.write(layout.header, at: 0)
    var generator = SeededGenerator(seed: 0)
    for (tensor, offset) in zip(tensors, layout.offsets) where !zeros {
      var bytes: [UInt8] = []
      bytes.reserveCapacity(tensor.shape.elementCount * 4)
      for _ in 0..<tensor.shape.elementCount {
        let value = (Float(generator.next() >> 40) - 0x1p23) * 0x1p-25
        withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes.append(contentsOf: $0) }
      }
      try file.write(bytes, at: offset)
    }
    try file.commit()
  }

  private func number(_ key: String) -> Int { shape[key]?.integer ?? 0 }

  private var metadata: Metadata {
    var metadata = Metadata()
    let architecture = shape["architecture"]?.string ?? "llama"
    func set(_ key: String, _ value: Int) { metadata["\(architecture).\(key)"] = .uint32(UInt32(value)) }
    metadata["general.architecture"] = .string(ByteString(architecture.utf8))
    set("block_count", number("layers"))
    set("context_length", 128)
    set("embedding_length", number("embedding"))
    set("feed_forward_length", number("feedForward"))
    set("attention.head_count", number("heads"))
    set("attention.head_count_kv", number("keyValueHeads"))
    let epsilon = architecture == "falcon" ? "layer_norm_epsilon" : "layer_norm_rms_epsilon"
    metadata["\(architecture).attention.\(epsilon)"] = .float32(0x1p-17)
    set("attention.key_length", number("headDimension"))
    set("attention.value_length", number("headDimension"))
    metadata["general.file_type"] = .uint32(0)
    set("vocab_size", number("vocabulary"))
    set("rope.dimension_count", number("headDimension"))
    metadata["tokenizer.ggml.model"] = .string("none")
    return metadata
  }

  private var tensors: [OutputTensor] {
    let width = number("embedding"), inner = number("feedForward"), vocabulary = number("vocabulary")
    let queries = number("heads") * number("headDimension"), keys = number("keyValueHeads") * number("headDimension")
    var result: [(String, Shape)] = [("token_embd", [vocabulary, width]), ("output_norm", [width])]
    if shape["isTied"] == .bool(false) { result.append(("output", [vocabulary, width])) }
    for layer in 0..<number("layers") {
      let matrices: [(String, Shape)] = [
        ("attn_norm", [width]), ("attn_q", [queries, width]), ("attn_k", [keys, width]), ("attn_v", [keys, width]),
        ("attn_output", [width, queries]), ("ffn_norm", [width]), ("ffn_gate", [inner, width]),
        ("ffn_up", [inner, width]), ("ffn_down", [width, inner]),
      ]
      result += matrices.map { ("blk.\(layer).\($0)", $1) }
    }
    if shape["hasOneRow"] == .bool(true) { result.append(("blk.0.ffn_gate_inp_shexp", [1, width])) }
    return result.map { OutputTensor(name: TensorName("\($0).weight"), format: .f32, shape: $1) }
  }
}

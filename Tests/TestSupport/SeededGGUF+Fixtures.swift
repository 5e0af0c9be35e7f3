import Bytes
import Tensors

extension SeededGGUF {
  /// The names of the shapes in `fixtures/recipes/formats.json`.
  public static let recipeShapeNames: [String] = {
    let items = (try? Fixtures.json("recipes", "formats.json"))?.array ?? []
    return Set(items.compactMap { $0["shape"]?["name"]?.string }).sorted()
  }()

  /// A dense model of a shape of `fixtures/recipes` (see `fixtures/generate/make_recipes.py`).
  public init(recipeShape shape: JSON) {
    func number(_ key: String) -> Int { shape[key]?.integer ?? 0 }
    let width = number("embedding"), inner = number("feedForward"), vocabulary = number("vocabulary")
    let queries = number("heads") * number("headDimension"), keys = number("keyValueHeads") * number("headDimension")
    var tensors: [(String, Shape)] = [("token_embd", [vocabulary, width]), ("output_norm", [width])]
    if shape["isTied"] == .bool(false) { tensors.append(("output", [vocabulary, width])) }
    for layer in 0..<number("layers") {
      let matrices: [(String, Shape)] = [
        ("attn_norm", [width]), ("attn_q", [queries, width]), ("attn_k", [keys, width]), ("attn_v", [keys, width]),
        ("attn_output", [width, queries]), ("ffn_norm", [width]), ("ffn_gate", [inner, width]),
        ("ffn_up", [inner, width]), ("ffn_down", [width, inner]),
      ]
      tensors += matrices.map { ("blk.\(layer).\($0)", $1) }
    }
    if shape["hasOneRow"] == .bool(true) { tensors.append(("blk.0.ffn_gate_inp_shexp", [1, width])) }

    let architecture = shape["architecture"]?.string ?? "llama"
    var metadata = Metadata()
    func set(_ key: String, _ value: Int) { metadata["\(architecture).\(key)"] = .uint32(UInt32(value)) }
    metadata["general.architecture"] = .string(ByteString(architecture.utf8))
    set("block_count", number("layers"))
    set("context_length", 128)
    set("embedding_length", width)
    set("feed_forward_length", inner)
    set("attention.head_count", number("heads"))
    set("attention.head_count_kv", number("keyValueHeads"))
    let epsilon = architecture == "falcon" ? "layer_norm_epsilon" : "layer_norm_rms_epsilon"
    metadata["\(architecture).attention.\(epsilon)"] = .float32(0x1p-17)
    set("attention.key_length", number("headDimension"))
    set("attention.value_length", number("headDimension"))
    metadata["general.file_type"] = .uint32(0)
    set("vocab_size", vocabulary)
    set("rope.dimension_count", number("headDimension"))
    metadata["tokenizer.ggml.model"] = .string("none")
    self.init(tensors.map { ("\($0).weight", $1) }, metadata: metadata)
  }

  /// A model of `fixtures/imatrix/expected.json` (see `fixtures/generate/make_imatrix.py`).
  public init(importanceModel json: JSON) {
    let architecture = json["architecture"]?.string ?? ""
    var metadata = Metadata()
    metadata["general.architecture"] = .string(ByteString(architecture))
    func set(_ key: String, _ value: Int?) { metadata["\(architecture).\(key)"] = .uint32(UInt32(value ?? 0)) }
    set("block_count", json["layers"]?.integer)
    set("context_length", 128)
    set("embedding_length", json["width"]?.integer)
    for (key, value) in json["numbers"]?.object ?? [:] { set(key.text, value.integer) }
    metadata["\(architecture).attention.layer_norm_rms_epsilon"] = .float32(0x1p-17)
    metadata["tokenizer.ggml.model"] = .string("none")
    let tensors = (json["tensors"]?.array ?? []).compactMap { item -> (String, Shape)? in
      guard let items = item.array, let name = items.first?.string,
        let shape = Shape(items.dropFirst().compactMap(\.integer))
      else { return nil }
      return (name, shape)
    }
    self.init(tensors, metadata: metadata)
  }
}

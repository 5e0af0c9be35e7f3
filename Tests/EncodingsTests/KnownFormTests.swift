import Bytes
import Encodings
import Formats
import Tensors
import TestSupport
import Testing

/// A checkpoint of a form that is named, and what is said of it.
struct NamedForm: Sendable, CustomTestStringConvertible {
  /// Name, format and shape of each tensor.
  let tensors: [(String, String, [Int])]
  /// config.json; nil where there is none.
  let configuration: String?
  /// The beginning of the refusal.
  let words: String

  init(_ words: String, _ tensors: [(String, String, [Int])], _ configuration: String? = nil) {
    self.words = words
    self.tensors = tensors
    self.configuration = configuration
  }

  var testDescription: String { words }

  static let stated = [
    NamedForm(
      #"is quantized by HQQ ("#, [("q.W_q", "U8", [4, 8])],
      #"{"text_config":{"quantization_config":{"quant_method":"hqq"}}}"#),
    NamedForm(
      #"config.json: quantization method "qux" is unknown"#, [("q.codes", "U8", [4, 8])],
      #"{"quantization_config":{"quant_method":"qux"}}"#),
  ]

  static let shown = [
    NamedForm(#"is quantized by HQQ ("#, [("q.W_q", "U8", [4, 8])]),
    NamedForm(#"is quantized by AQLM ("#, [("q.codes", "I8", [4, 8, 1]), ("q.codebooks", "F16", [1, 4, 1, 8])]),
    NamedForm(#"is quantized by VPTQ ("#, [("q.centroids.weight", "F16", [1, 16]), ("q.indices", "I32", [1, 4, 8])]),
    NamedForm(#"is quantized by EETQ ("#, [("q.weight", "I8", [4, 8]), ("q.weight_scales", "F16", [4])]),
    NamedForm(#"is quantized by torchao ("#, [("q._weight_qdata", "I8", [4, 8])]),
    NamedForm(#"is quantized by Quanto ("#, [("q.weight._data", "I8", [4, 8])]),
    NamedForm(#"is quantized by ExLlamaV2 (EXL2) ("#, [("q.q_weight", "I32", [4, 8])]),
    NamedForm(#"is quantized by compressed-tensors ("#, [("q.weight_packed", "I32", [4, 8])]),
    NamedForm(
      #"is quantized to integers with scales named weight_scale ("#,
      [("q.weight", "I8", [4, 8]), ("q.weight_scale", "F32", [4, 1])]),
  ]

  static let files = [
    NamedForm(
      #"is a LoRA adapter (tensor "m.q.lora_A.weight"), expected a model ("#,
      [("m.q.lora_A.weight", "F32", [2, 4]), ("m.q.lora_B.weight", "F32", [4, 2])]),
    NamedForm(
      "is a DoRA adapter (", [("m.q.lora_A.weight", "F32", [2, 4]), ("m.q.lora_magnitude_vector", "F32", [4])]),
    NamedForm(
      "is a model whose LoRA adapter is not merged (",
      [("m.q.base_layer.weight", "F32", [4, 4]), ("m.q.lora_A.default.weight", "F32", [2, 4])]),
    NamedForm("is without tensors (its header lists none), expected a model (", []),
  ]
}

@Suite("Known forms of checkpoints")
struct KnownFormTests {
  private func encoded(_ tensors: [(String, String, [Int])], _ configuration: String?) throws -> EncodedCheckpoint {
    var entries: [String] = [], end = 0
    for (name, format, shape) in tensors {
      let format = try #require(StorageFormat(named: format))
      let count = try #require(format.byteCount(elementCount: shape.reduce(1, *)))
      entries.append(SafeTensorsBytes.entry(name, format.name, shape, end, end + count))
      end += count
    }
    let folder = TemporaryFolder()
    let path = try folder.write(
      SafeTensorsBytes("{\(entries.joined(separator: ","))}", dataByteCount: end).bytes, to: "m.safetensors")
    return EncodedCheckpoint(
      try Checkpoint.open(path), configuration: try configuration.map { try JSON(parsing: Array($0.utf8)) })
  }

  @Test("are named by config.json, tensors or what is not there", arguments: NamedForm.stated + NamedForm.shown)
  func named(form: NamedForm) throws {
    let encoded = try encoded(form.tensors, form.configuration)
    let problem = try #require(encoded.problems.first)
    #expect(encoded.problems.count == 1)
    #expect(problem.description.hasPrefix(form.words), "\(problem)")
    #expect(problem.isUnread && problem.concernsAllTensors)
    #expect(!problem.description.contains("--mapping"))
  }

  @Test("are named where they are not models", arguments: NamedForm.files)
  func files(form: NamedForm) throws {
    let found = try #require(try encoded(form.tensors, form.configuration).form)
    #expect(found.refusal.hasPrefix(form.words), "\(found.refusal)")
    #expect(!found.form.isRead)
  }

  @Test(
    "are not seen in plain weights",
    arguments: [
      #"{"quantization_config":{"quant_method":"bitsandbytes","load_in_4bit":true}}"#,
      #"{"quantization_config":{"quant_method":"qux"}}"#, #"{"quantization_config":null}"#,
      #"{"quantization_config":{"bits":4}}"#, "{}",
    ])
  func plain(configuration: String) throws {
    let tensors = [("q.weight", "BF16", [4, 8]), ("q.position_ids", "I64", [1, 8]), ("q.mask", "BOOL", [4, 4])]
    let encoded = try encoded(tensors, configuration)
    #expect(encoded.form == nil && encoded.problems.isEmpty)
    #expect(encoded.checkpoint.tensors.count == 3)
  }

  @Test("are listed in the documentation")
  func table() throws {
    let documented = try GeneratedTable("forms", titles: KnownForm.titles, rows: KnownForm.table)
    #expect(documented.found == documented.expected)
  }

  @Test("leave a plain cast to FP8 alone, with a remark")
  func castToFP8() throws {
    let tensors = [("q.weight", "F8_E4M3", [4, 8]), ("k.weight", "F8_E4M3", [4, 8]), ("n.weight", "F32", [8])]
    let encoded = try encoded(tensors, "{}")
    #expect(encoded.problems.isEmpty)
    #expect(
      encoded.checkpoint.remarks == [
        "2 tensors in F8_E4M3 without scales, and config.json announces none: the stored values are used"
      ])
  }
}

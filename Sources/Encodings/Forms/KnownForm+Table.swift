import Tensors

// The order matters: the first form of which a sign is there is the checkpoint's. Files other than models come first,
// then what config.json states, then what tensors show where config.json is absent or says nothing.

extension KnownForm {
  /// Every form that is recognized.
  static let all = [otherGGML] + files + methods + shown

  /// A form of FP8 or FP4 codes, which is read.
  private static func floatCodes(
    _ name: String, _ signs: [Sign],
    _ scheme: @escaping @Sendable (FormEvidence) throws(EncodingError) -> FloatScheme
  ) -> KnownForm {
    KnownForm(
      name, .encodedModel, signs,
      .read { evidence throws(EncodingError) in
        try FloatEncoding.composing(evidence.checkpoint, scheme(evidence))
      })
  }

  private static func floatCodes(
    _ name: String, method: String,
    _ scheme: @escaping @Sendable (FormEvidence) throws(EncodingError) -> FloatScheme = FloatScheme.plain
  ) -> KnownForm {
    floatCodes(name, [.method(method)], scheme)
  }

  private static let compressedTensors = KnownForm(
    "quantized by compressed-tensors", .encodedModel,
    [
      .method(CompressedTensors.method),
      .test("`quant_method` `compressed-tensors` and a scale", FormEvidence.compressedScale),
    ],
    .read { evidence throws(EncodingError) in try CompressedTensors(evidence).composing() })

  private static let mlx = KnownForm(
    "quantized by MLX", .encodedModel, [.test("`X.weight` in U32 and `X.scales`", FormEvidence.mlxWeight)],
    .read { evidence throws(EncodingError) in try MLXEncoding(evidence).composing(evidence) })

  private static let bitsAndBytes = KnownForm(
    "quantized by bitsandbytes", .encodedModel,
    BitsAndBytesEncoding.methods.map(Sign.method) + BitsAndBytesEncoding.words.map(Sign.word),
    .read { evidence throws(EncodingError) in BitsAndBytesEncoding.composing(evidence) })

  private static let mlc = KnownForm(
    "quantized by MLC", .encodedModel, [.test("`X.q_weight` in U32", FormEvidence.mlcWeight)],
    .read { evidence throws(EncodingError) in try MLCEncoding.composing(evidence) })

  // MARK: - Files other than models

  private static func file(_ name: String, _ signs: [Sign], _ nextStep: String) -> KnownForm {
    KnownForm(name, .other, signs, .named(nextStep: nextStep))
  }

  private static let files = [
    file(
      "a model whose LoRA adapter is not merged",
      [.test("`lora_A` and the `base_layer.weight` of a matrix", FormEvidence.unmergedLayer)],
      "merge it with PEFT's merge_and_unload and save the model"),
    file(
      "a DoRA adapter", [.word("lora_magnitude_vector")],
      "merge it with PEFT's merge_and_unload and convert the result"),
    file(
      "a LoRA adapter", [.metadata("general.type", "adapter"), .word("lora_a"), .word("lora_b")],
      "pass the model that it was made for, with --lora FILE for this one"),
    file(
      "a LoRA adapter",
      [
        .test("a tensor name with `lora_A`, `lora_B` or `lora_embedding_A`, and no list of them in config.json") {
          $0.adapter(["lora_A", "lora_B", "lora_embedding_A"])
        }
      ],
      "pass the model that it was made for, with --lora FOLDER for this one"),
    file(
      "a LoRA adapter", [.word("lora_down"), .word("lora_up")],
      "pass the model that it was made for"),
    file(
      "an importance matrix",
      [
        .metadata("general.type", "imatrix"),
        .test("a tensor name that ends in `.in_sum2`", FormEvidence.squaredActivations),
      ],
      "pass it to quantize with --imatrix; ingot imatrix shows it"),
    KnownForm(
      "the image or audio encoder of a multimodal model (mmproj)", .part,
      [
        .metadata("general.type", "mmproj"), .metadata("general.architecture", "clip"),
        .metadata("general.architecture", "mmproj"),
      ],
      .named(nextStep: "pass the file of the text model; quantize takes this one")),
    file(
      "a control vector", [.metadata("general.architecture", "controlvector")],
      "pass the model that it was made for"),
    file(
      "a vocabulary alone, without tensors",
      [.test("no tensors and `tokenizer.ggml.tokens`", FormEvidence.vocabularyAlone)],
      "pass the file with the model's weights"),
    file(
      "without tensors", [.test("no tensors", FormEvidence.noTensors)],
      "pass the file with the model's weights"),
  ]

  // MARK: - Stated by config.json

  private static let dequantizable = "convert the original model, or a copy that transformers dequantized"
  static let original = "convert the model that it was made from"

  private static func quantized(_ method: String, _ name: String, _ nextStep: String = original) -> KnownForm {
    KnownForm("quantized by \(name)", [.method(method)], nextStep)
  }

  /// Integer codes packed in words, which are read.
  private static func packed(_ name: String, _ signs: [Sign], _ reader: @escaping Reader) -> KnownForm {
    KnownForm("quantized by \(name)", .encodedModel, signs, .read(reader))
  }

  // The first show themselves by tensors; a configuration may still state how their original was quantized.
  private static let methods = [
    mlc, mlx, bitsAndBytes,
    packed("GPTQ", [.method("gptq")], GPTQ.read),
    packed("AWQ", [.method("awq")]) { evidence throws(EncodingError) in try AWQ.read(evidence) },
    packed("AutoRound", [.method("auto-round"), .method("intel/auto-round")], AutoRound.read),
    compressedTensors,
    floatCodes("FP8 with scales", method: "fp8", FloatScheme.fp8),
    floatCodes("quantized by FBGEMM in FP8", method: "fbgemm_fp8"),
    floatCodes("quantized by ModelOpt", method: "modelopt", FloatScheme.modelOpt),
    floatCodes("quantized by ModelOpt in NVFP4", method: "modelopt_fp4", FloatScheme.modelOpt),
    floatCodes("quantized by Quark", method: "quark", FloatScheme.quark),
    quantized("torchao", "torchao", dequantizable),
    quantized("hqq", "HQQ"),
    quantized("eetq", "EETQ"),
    quantized("aqlm", "AQLM"),
    quantized("vptq", "VPTQ"),
    quantized("spqr", "SpQR"),
    quantized("higgs", "HIGGS", dequantizable),
    quantized("quanto", "Quanto"),
    quantized("fp_quant", "FP-Quant"),
    quantized("bitnet", "BitNet, 1.58 bits"),
    floatCodes("quantized by MXFP4", method: "mxfp4"),
    floatCodes("quantized by MXFP8", method: "mxfp8"),
    floatCodes("quantized by NVFP4", method: "nvfp4"),
    quantized("metal", "MLX's Metal kernels"),
    quantized("sinq", "SINQ"),
    quantized("fouroversix", "Four Over Six"),
    quantized("qqq", "QQQ"),
    quantized("marlin", "Marlin"),
    quantized("exl2", "ExLlamaV2 (EXL2)"),
    quantized("exl3", "ExLlamaV3 (EXL3)"),
    KnownForm(
      "quantized to FP8 with scales named weight_scale", .encodedModel,
      [.test("`X.weight` in FP8 and `X.weight_scale`") { $0.scaledWeight(in: [.f8_e4m3, .f8_e5m2]) }],
      .read { evidence throws(EncodingError) in try FloatEncoding.shown(evidence) }),
  ]

  // MARK: - Shown by tensors

  private static let shown = [
    packed(
      "GPTQ",
      [
        .word("g_idx"), .test("`X.qweight` with as many columns as `X.scales`") { $0.packedWeight(isTransposed: true) },
      ], GPTQ.read),
    packed(
      "AWQ", [.test("`X.qweight` with other columns than `X.scales`") { $0.packedWeight(isTransposed: false) }]
    ) { evidence throws(EncodingError) in try AWQ.read(evidence) },
    KnownForm("quantized by ExLlamaV2 (EXL2)", [.word("q_invperm"), .word("q_weight")], original),
    KnownForm("quantized by ExLlamaV3 (EXL3)", [.word("trellis")], original),
    KnownForm("quantized by QQQ", [.word("s_channel")], original),
    KnownForm("quantized by GPTQ or a like method", [.word("qweight")], original),
    KnownForm("quantized by HQQ", [.test("integers named `W_q`") { $0.code("W_q") }], original),
    KnownForm(
      "quantized by AQLM",
      [.test("`codebooks` and integers named `codes`") { $0.tensor("codebooks") == nil ? nil : $0.code("codes") }],
      original),
    KnownForm(
      "quantized by VPTQ",
      [.test("`centroids` and integers named `indices`") { $0.tensor("centroids") == nil ? nil : $0.code("indices") }],
      original),
    KnownForm("quantized by SpQR", [.word("dense_weights")], original),
    KnownForm("quantized by Quanto", [.word("_data")], original),
    KnownForm(
      "quantized by torchao",
      [.word("_weight_qdata"), .test("a tensor name that ends in `:qdata`", FormEvidence.torchao)], dequantizable),
    KnownForm(
      "quantized by EETQ",
      [
        .test("`weight_scales` and integers named `weight`") {
          $0.tensor("weight_scales") == nil ? nil : $0.code("weight")
        }
      ], original),
    floatCodes("quantized to MXFP4 blocks", [.word("gate_up_proj_blocks"), .word("down_proj_blocks")]) { _ in
      FloatScheme()
    },
    floatCodes("quantized to NVFP4 by ModelOpt", [.word("weight_scale_2")]) { _ in FloatScheme() },
    floatCodes(
      "quantized to FP4 or FP8 in bytes",
      [
        .test("`X.weight` in I8 or U8 and scales in U8, F8_E8M0 or F8_E4M3", FormEvidence.scaledBytes)
      ]
    ) { _ in FloatScheme() },
    KnownForm(
      "NVFP4 with scales", .encodedModel,
      [.test("blocks `X.weight` and `X.scale` in a GGUF", FloatEncoding.firstScaleOfBlocks)],
      .read { evidence throws(EncodingError) in FloatEncoding.scaledBlocks(evidence.checkpoint) }),
    KnownForm(
      "quantized to NVFP4 by compressed-tensors", [.word("weight_global_scale")], dequantizable),
    KnownForm("quantized by compressed-tensors", [.word("weight_packed")], dequantizable),
    KnownForm(
      "quantized to integers with scales named weight_scale",
      [.test("`X.weight` in I8 or U8 and `X.weight_scale`") { $0.scaledWeight(in: [.i8, .u8]) }],
      original),
  ]
}

// MARK: - Signs that are more than a word

extension FormEvidence {
  private func sign(_ tensor: TensorDescriptor) -> String { "tensor \(tensor.name.text.quoted)" }

  /// A tensor of an adapter. A model that lists its adapters in config.json is published with all of them: it is whole
  /// without any (Jina embeddings v3).
  func adapter(_ words: [String]) -> String? {
    guard configuration?["lora_adaptations"]?.array == nil else { return nil }
    return words.lazy.compactMap(tensor).first.map(sign)
  }

  /// A layer of PEFT that keeps its weight beside the matrices A and B; adapters keep those of embeddings alone.
  static func unmergedLayer(_ evidence: FormEvidence) -> String? {
    guard evidence.adapter(["lora_A"]) != nil else { return nil }
    if let original = evidence.tensor("parametrizations") { return evidence.sign(original) }
    guard evidence.tensor("base_layer") != nil else { return nil }
    return evidence.checkpoint.tensors.first { tensor in
      tensor.name.text.hasSuffix(".base_layer.weight") && !tensor.name.text.contains("embed")
        && !tensor.name.text.contains("lm_head")
    }.map(evidence.sign)
  }

  /// The sums of squares of an importance matrix.
  static func squaredActivations(_ evidence: FormEvidence) -> String? {
    evidence.checkpoint.tensors.first { $0.name.text.hasSuffix(".in_sum2") }.map(evidence.sign)
  }

  static func vocabularyAlone(_ evidence: FormEvidence) -> String? {
    let key = "tokenizer.ggml.tokens"
    return evidence.checkpoint.tensors.isEmpty && evidence.checkpoint.metadata[key] != nil ? key : nil
  }

  static func noTensors(_ evidence: FormEvidence) -> String? {
    evidence.checkpoint.tensors.isEmpty ? "its header lists none" : nil
  }

  /// `X.weight` of packed U32 words beside `X.scales`.
  static func mlxWeight(_ evidence: FormEvidence) -> String? {
    guard evidence.hasCodes, evidence.tensor("scales") != nil else { return nil }
    let weight = evidence.checkpoint.tensors.first { tensor in
      tensor.format == .u32 && evidence.sibling(of: tensor, named: "scales") != nil
    }
    let isStated = evidence.configuration?["quantization"] != nil
    return weight.map { isStated ? "quantization in config.json" : evidence.sign($0) }
  }

  /// Codes of MLC, whose names other programs have too.
  static func mlcWeight(_ evidence: FormEvidence) -> String? {
    evidence.tensor("q_weight").flatMap { $0.format == .u32 ? evidence.sign($0) : nil }
  }

  /// The first tensor with `word` in its name, if it contains codes.
  func code(_ word: String) -> String? { tensor(word).flatMap { $0.hasCodes ? sign($0) : nil } }

  /// `X.qweight` beside `X.scales`, packed by rows as GPTQ does, or by columns as AWQ does.
  func packedWeight(isTransposed: Bool) -> String? {
    guard let packed = tensor("qweight"), let scales = sibling(of: packed, named: "scales"), packed.shape.rank == 2,
      scales.shape.rank == 2, sibling(of: packed, named: "qzeros") != nil
    else { return nil }
    let hasColumns = packed.shape.dimensions[1] == scales.shape.dimensions[1]
    return hasColumns == isTransposed ? sign(packed) : nil
  }

  /// `X.weight` in one of `formats` beside `X.weight_scale`, where config.json states nothing else.
  func scaledWeight(in formats: Set<StorageFormat>) -> String? {
    guard tensor("weight_scale") != nil else { return nil }
    return checkpoint.tensors.first { tensor in
      tensor.format.map(formats.contains) == true && sibling(of: tensor, named: "weight_scale") != nil
    }.map(sign)
  }

  /// `X.weight` of bytes beside scales of a byte each.
  static func scaledBytes(_ evidence: FormEvidence) -> String? {
    guard evidence.hasCodes else { return nil }
    return evidence.checkpoint.tensors.first { tensor in
      guard tensor.format == .u8 || tensor.format == .i8, tensor.shape.rank >= 2,
        let scales = FloatEncoding.scales(of: tensor.name.text, in: evidence.checkpoint), scales.shape.rank >= 2
      else { return false }
      return [.u8, .f8_e8m0, .f8_e4m3].contains(scales.format)
    }.map(evidence.sign)
  }

  /// A scale of compressed-tensors where no tensor contains codes: of activations, or of weights that are stored as values.
  static func compressedScale(_ evidence: FormEvidence) -> String? {
    guard evidence.method == CompressedTensors.method else { return nil }
    let words = ["weight_scale", "input_scale", "output_scale", "k_scale", "v_scale", "input_global_scale"]
    return words.lazy.compactMap(evidence.tensor).first.map(evidence.sign)
  }

  /// Parts of a tensor subclass, which torchao names after a colon.
  static func torchao(_ evidence: FormEvidence) -> String? {
    evidence.checkpoint.tensors.first { tensor in
      [":qdata", ":_data", "_weight_qdata"].contains { tensor.name.text.hasSuffix($0) }
    }.map(evidence.sign)
  }
}

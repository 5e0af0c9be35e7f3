import Bytes

extension ModelFolder {
  /// Files that say how a model is quantized, where config.json does not: the first that is there counts.
  ///
  /// AutoGPTQ and GPTQModel write the first, AutoAWQ's first releases the second, ModelOpt the third.
  static let quantizationFiles = [
    (name: "quantize_config.json", method: "gptq"), (name: "quant_config.json", method: "awq"),
    (name: "hf_quant_config.json", method: "modelopt"),
  ]

  /// The content of such a file, with the `quant_method` of its program if it names none; nil if there is none.
  public func quantization() throws -> JSON? {
    for (name, method) in Self.quantizationFiles where names.contains(name) {
      var value = try JSON.sideFile(tree.open(name), limit: Self.maximumSideFileByteCount).value
      // ModelOpt nests what it says.
      if let nested = value["quantization"], nested.object != nil { value = nested }
      guard var members = value.object else { continue }
      if value["quant_method"]?.string == nil { members["quant_method"] = .string(method) }
      return .object(members)
    }
    return nil
  }
}

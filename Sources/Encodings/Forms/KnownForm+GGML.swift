import Tensors

extension KnownForm {
  /// A container before GGUF whose header is not that of llama.cpp: its tensors are listed, and the model is not known.
  static let otherGGML = KnownForm(
    "a GGML file of a program other than llama.cpp", .other,
    [
      .test("a header of another program") { evidence in
        evidence.checkpoint.metadata["ggml.family"]?.text.map { "the header of \($0)" }
      }
    ], .named(nextStep: original))
}

/// The file name that the naming convention of GGUF gives a model: `Tiny-Llama-1.1B-Chat-v1.0-Q8_0.gguf`.
public enum GGUFFileName {
  /// Joins the known parts by dashes: basename or else name, size, finetune, version, storage format.
  ///
  /// - Parameter format: the name of the file's main storage format: `Q8_0`.
  public static func text(
    name: String?, basename: String?, sizeLabel: String?, finetune: String?, version: String?, format: String?
  ) -> String {
    func dashed(_ text: String) -> String { text.pythonStripped.replacing(scalar: " ", with: "-") }
    let head = (basename ?? name).map { dashed($0).replacing(scalar: "/", with: "-") } ?? "ggml-model"
    let parts = [head, sizeLabel, finetune.map(dashed), version.map(dashed), format.map { dashed($0).uppercased() }]
    return parts.compactMap(\.self).joined(separator: "-") + ".gguf"
  }
}

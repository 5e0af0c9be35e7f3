import Architectures
import Bytes
import Conversion
import Formats
import Models
import TestSupport
import Tensors

extension FuzzTarget {
  static let models: [FuzzTarget] = [
    FuzzTarget(
      "model-folder", "config.json and a header of safetensors: rows of all tensors, plans of both outputs", limit: 8192
    ) { input in
      try requirePlans(modelFiles(InputParts(input)), opening: nil)
    },
    FuzzTarget("model-gguf", "rows of all tensors, plans of both outputs", limit: 8192) { input in
      try requirePlans(["model.gguf": input], opening: "model.gguf")
    },
    FuzzTarget("adapter", "an adapter and its model, as for model-folder: rows of all tensors", limit: 8192) { input in
      let parts = InputParts(input)
      var files = ["adapter_model.safetensors": safeTensors(header: parts[3] ?? [])]
      files["adapter_config.json"] = parts[2]
      let model = try Model.open(
        InputLocation(folder: MemoryTree(path: "m", modelFiles(parts))), library: library.get(),
        adapters: [InputLocation(folder: MemoryTree(path: "a", files))])
      try readRows(of: model)
    },
  ]

  private static func modelFiles(_ parts: InputParts) -> [String: [UInt8]] {
    var files = ["model.safetensors": safeTensors(header: parts[1] ?? [])]
    files["config.json"] = parts[0]
    return files
  }

  static let library = Result { try ArchitectureLibrary.bundled() }

  private static func requirePlans(_ files: [String: [UInt8]], opening name: String?) throws {
    let folder = UnpackedFolder(MemoryTree(path: "m", files))
    let location = try InputLocation(folder: folder, file: name.map { try folder.open($0) })
    let model = try Model.open(location, library: library.get())
    for problem in model.problems where "\(problem)".isEmpty { throw Finding(fact: "a problem has no text") }
    guard model.problems.isEmpty else { return }
    try readRows(of: model)
    for destination in ["out.gguf", "out"] {
      do {
        _ = try Planner.plan(model, ConversionRequest(destination: destination), threads: 1)
      } catch is any IngotError {
        // What cannot be written may be read.
      }
    }
  }

  /// Reads the first and the last row of every tensor.
  private static func readRows(of model: Model) throws {
    var values: [Float] = []
    for slot in model.slots.prefix(32) {
      let reader = try model.canonicalReader(slot), count = reader.geometry.rowCount
      guard reader.geometry.rowElementCount <= 1 << 12 else { continue }
      for row in Set([0, count - 1]) where (0..<count).contains(row) {
        try reader.readValues(row..<row + 1, into: &values)
      }
    }
  }

  /// A file with `header` and as many zeros as its tensors say, up to a limit.
  private static func safeTensors(header: [UInt8]) -> [UInt8] {
    let json = try? JSON(parsing: header)
    let end = json?.object?.values.compactMap { $0["data_offsets"]?.array?.last?.integer }.max() ?? 0
    let data = [UInt8](repeating: 0, count: min(max(0, end), 1 << 16))
    return SafeTensorsBytes(String(decoding: header, as: UTF8.self)).bytes + data
  }
}

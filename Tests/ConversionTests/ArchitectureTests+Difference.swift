import Bytes
import Models
import Tensors
import TestSupport

extension ArchitectureTests {
  /// What differs between a file and the golden one, for people: metadata in the order of the file, then tensors.
  static func difference(_ path: String, _ fixture: ArchitectureFixture, _ type: StorageFormat) throws -> String {
    let model = try Model.open(path, library: try .bundled())
    var lines: [String] = []
    let keys = model.checkpoint.metadata.pairs.keys.map(\.text)
    let wantedPairs = try fixture.expected("metadata.json").array ?? []
    let wantedKeys = wantedPairs.compactMap { $0["key"]?.string }
    for key in wantedKeys where !keys.contains(key) { lines.append("lacks \(key)") }
    for key in keys where !wantedKeys.contains(key) { lines.append("has \(key), which is not expected") }
    if lines.isEmpty, let slot = zip(keys, wantedKeys).first(where: { $0 != $1 }) {
      lines.append("\(slot.0) stands where \(slot.1) is expected")
    }
    for entry in wantedPairs {
      guard let key = entry["key"]?.string, key != "general.file_type", let value = model.checkpoint.metadata[key]
      else {
        continue
      }
      let found = value.fixtureJSON, wanted = entry["value"]?.comparable
      if found != wanted {
        lines.append("\(key) is \("\(found as Any)".prefix(120)), not \("\(wanted as Any)".prefix(120))")
      }
    }
    let bytes = try tensorBytes(path)
    let wantedTensors = try fixture.ggufs().tensors(type.name.lowercased())
    let wantedNames = wantedTensors.map(\.name)
    let names = model.checkpoint.tensors.map(\.name.text)
    for tensor in wantedTensors {
      guard let own = model.checkpoint.tensors.first(where: { $0.name.text == tensor.name }) else {
        lines.append("lacks tensor \(tensor.name)")
        continue
      }
      if own.format?.name != tensor.format { lines.append("\(tensor.name) is \(own.declaredFormat)") }
      if own.shape.dimensions != tensor.dimensions { lines.append("\(tensor.name) has the shape \(own.shape)") }
      if !FileDigest.sha256(bytes[own.name] ?? []).hasPrefix(tensor.digest) {
        lines.append("\(tensor.name) has other bytes")
      }
    }
    for name in names where !wantedNames.contains(name) { lines.append("has tensor \(name), which is not expected") }
    if names.sorted() == wantedNames.sorted(), names != wantedNames { lines.append("tensors stand in another order") }
    return ([fixture.name] + lines).joined(separator: "\n")
  }
}

import Bytes
import Models
import Tensors

extension ConversionPlan {
  /// Throws unless every byte of the output has a place from the start.
  func requirePlaces() throws(PartError) {
    for file in files {
      if file.compressionLevel != nil { throw .hasNoPlaces(path: file.path, kind: "compressed") }
      if file.archive != nil { throw .hasNoPlaces(path: file.path, kind: "an archive of PyTorch") }
    }
  }

  /// Reads the files that are described or named by options, so that the log of the planning has them whole.
  func readWholeInputs() throws {
    for file in try source.readSideFiles() { _ = try FileDigest.sha256(file) }
    for file in inputFiles where InputLocation.kind(at: file.path) == .regular {
      _ = try FileDigest.sha256(InputLocation.openFile(file.path))
    }
  }

  /// All that decides the bytes of the output. Files that are copied are digested.
  var pinned: JSON.Object {
    get throws {
      [
        "architecture": .string(source.definition.name),
        "definition_sha256": .string(FileDigest.sha256(source.definition.resolved.encoded(.compact))),
        "naming": .members(["from": .string(source.scheme.name), "to": .string(scheme.name)]),
        "applied_transforms": source.appliedTransforms.json,
        "type": .string(formatName),
        "destination": .string(destination),
        "outputs": .array(
          files.map { file in
            .members([
              "path": .string(file.path), "bytes": .integer(file.byteCount),
              "header_bytes": .integer(file.header.count), "header_sha256": .string(FileDigest.sha256(file.header)),
            ])
          }),
        "side_files": .array(try sideFiles.map { try $0.json }),
        "tensors": .array(
          files.enumerated().flatMap { index, file in
            file.tensors.map { tensor in
              var members = tensor.facts
              members["file"] = .integer(index)
              members["offset"] = .integer(tensor.fileOffset)
              members["bytes"] = .integer(tensor.byteCount)
              return JSON.object(members)
            }
          }),
        "dropped": .array(
          dropped.map { .members(["name": .string($0.name.text), "reason": .string($0.reason)]) }),
        "departures": departures.json,
        "rounded": .array(rounded.map(\.json)),
      ]
    }
  }
}

extension SideFile {
  /// Its path, size and digest.
  fileprivate var json: JSON {
    get throws {
      let facts: (byteCount: Int, sha256: String)
      switch content {
      case .bytes(let bytes): facts = (bytes.count, FileDigest.sha256(bytes))
      case .copy(let name, let tree):
        let file = try tree.open(name)
        facts = (file.byteCount, try FileDigest.sha256(file))
      }
      return .members([
        "path": .string(path), "bytes": .integer(facts.byteCount), "sha256": .string(facts.sha256),
      ])
    }
  }
}

extension PlanPart {
  /// What the part writes and reads, and what that takes.
  func json(_ plan: ConversionPlan, _ inputs: [PartInput]) -> JSON {
    let jobs = plan.jobs(of: self), reads = plan.reads(of: jobs, inputs)
    let readByteCount = reads.reduce(0) { $0 + $1.ranges.byteCount }
    // What is read further on is read slab by slab.
    let headers = inputs.compactMap { $0.ranges.ranges.first }.filter { $0.lowerBound == 0 }
    let estimate = PartEstimate(jobs, of: plan, headerByteCount: headers.reduce(0) { $0 + $1.count })
    return .members([
      "part": .integer(index), "bytes_in": .integer(readByteCount), "bytes_out": .integer(byteCount),
      "memory_bytes": .integer(estimate.memoryByteCount), "memory_bytes_per_thread": .integer(estimate.threadByteCount),
      "core_seconds": .real((estimate.coreSeconds * 1000).rounded() / 1000),
      "writes": .array(
        pieces.map {
          .members([
            "file": .integer($0.fileIndex), "offset": .integer($0.range.lowerBound), "bytes": .integer($0.range.count),
          ])
        }),
      "reads": .array(reads.map { .members(["input": .integer($0.input), "ranges": $0.ranges.json]) }),
    ])
  }
}

extension ConversionPlan {
  /// The bytes of inputs that jobs read apart from what planning reads, or more, by the index of the input.
  func reads(of jobs: [Job], _ inputs: [PartInput]) -> [(input: Int, ranges: MergedRanges)] {
    let indexByPath = Dictionary(
      inputs.enumerated().map { (ExactString($1.path), $0) }, uniquingKeysWith: { first, _ in first })
    var found: [Int: MergedRanges] = [:]
    func add(_ range: Range<Int>, of file: Int) {
      let source = self.source.checkpoint.files[file]
      if let path = source.plainPath, let index = indexByPath[ExactString(path)] {
        found[index, default: MergedRanges()].insert(range)
      } else {
        // What is unpacked or gathered may need any byte of what it is stored in.
        for stored in source.storedFiles {
          guard let index = indexByPath[ExactString(stored.path)] else { continue }
          found[index, default: MergedRanges()].insert(0..<inputs[index].byteCount)
        }
      }
    }
    var rows: (file: Int, tensor: Int, rows: Range<Int>)?
    func addRows() {
      guard let (file, index, range) = rows else { return }
      let tensor = files[file].tensors[index]
      rows = nil
      guard case .rows(let reader) = tensor.source else { return }
      guard let ranges = reader.byteRanges(of: range) else {
        for (index, input) in inputs.enumerated() {
          found[index, default: MergedRanges()].insert(0..<input.byteCount)
        }
        return
      }
      for range in ranges {
        add(range.offset..<range.offset + range.byteCount, of: tensor.firstInput + range.fileIndex)
      }
    }
    for job in jobs {
      switch job.work {
      case .copy(let range): add(range.sourceOffset..<range.sourceOffset + range.byteCount, of: range.inputIndex)
      case .slab(let slab):
        if let last = rows, last.file == job.fileIndex, last.tensor == slab.tensorIndex {
          rows = (last.file, last.tensor, last.rows.lowerBound..<max(last.rows.upperBound, slab.rows.upperBound))
        } else {
          addRows()
          rows = (job.fileIndex, slab.tensorIndex, slab.rows)
        }
      }
    }
    addRows()
    return found.sorted { $0.key < $1.key }.map { (input: $0.key, ranges: $0.value) }
  }
}

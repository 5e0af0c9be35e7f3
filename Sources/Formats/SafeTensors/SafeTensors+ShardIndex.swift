import Bytes
import Tensors

// index = { "metadata": { "total_parameters": count, "total_size": bytes }, "weight_map": { TENSOR: FILE, … } }
//
// Only weight_map is needed to read a set. FILE is the path of a shard below the index's own folder.

extension SafeTensors {
  /// `model.safetensors.index.json`: the shard of each tensor.
  public struct ShardIndex: Sendable {
    /// The suffix of an index's name.
    public static let suffix = ".safetensors.index.json"
    /// The maximum bytes of an index: that of a model of 100,000 tensors has 10 MB.
    public static let maximumByteCount = 100_000_000

    /// Each tensor's shard, in the order of the index.
    public let shardByTensor: [(tensor: TensorName, shard: String)]
    /// The sum of the tensors' bytes as declared in the index.
    public let declaredTotalByteCount: Int?
    /// What of the file is not JSON and was read as Python reads it.
    let remarks: [String]

    /// The paths of the shards below the index's folder, sorted.
    public let shards: [String]

    /// Reads an index.
    ///
    /// - Throws: one `ProblemList` with all problems; `LocatedError` if the file is not an index.
    public init(_ file: any ByteSource) throws {
      let json: JSON
      (json, remarks) = try JSON.sideFile(file, limit: Self.maximumByteCount)
      func located(_ error: ShardSetError) -> LocatedError { LocatedError(path: file.path, reason: error) }
      guard let index = json.object else { throw located(.indexNotAnObject(found: json.kindName)) }
      guard let member = index["weight_map"] else { throw located(.noWeightMap) }
      guard let map = member.object else { throw located(.weightMapNotAnObject(found: member.kindName)) }
      guard !map.isEmpty else { throw located(.emptyWeightMap) }
      var pairs: [(tensor: TensorName, shard: String)] = []
      pairs.reserveCapacity(map.count)
      var problems: [any IngotError] = []
      var hostile: Set<ExactString> = []
      for (tensor, value) in map {
        guard let shard = value.string else {
          problems.append(located(.shardNotText(tensor: tensor, found: value.kindName)))
          continue
        }
        if let path = ShardName.pathInFolder(shard) {
          pairs.append((tensor, path))
        } else if hostile.insert(ExactString(shard)).inserted {
          problems.append(located(.hostileShardName(shard)))
        }
      }
      guard problems.isEmpty else { throw ProblemList(problems) }
      shardByTensor = pairs
      shards = Set(pairs.map { ExactString($0.shard) }).sorted().map(\.text)
      declaredTotalByteCount = json["metadata"]?["total_size"]?.integer
    }

    /// Whether `folder` has none of its shards, as after the model was sharded again.
    func isStale(in folder: any FileTree) -> Bool { !shards.contains { folder.kind(of: $0) != nil } }

    /// The bytes of an index as transformers writes it: indented by 2, keys sorted, ASCII, a newline at the end.
    public static func encoded(
      shardByTensor: [(tensor: TensorName, shard: String)], totalByteCount: Int, totalParameterCount: Int
    ) -> [UInt8] {
      var map = JSON.Object()
      for (tensor, shard) in shardByTensor.sorted(by: { $0.tensor < $1.tensor }) { map[tensor] = .string(shard) }
      let index = JSON.members([
        "metadata": .members([
          "total_parameters": .integer(totalParameterCount), "total_size": .integer(totalByteCount),
        ]),
        "weight_map": .object(map),
      ])
      return index.encoded(.indented, escaping: .asciiOnly)
    }
  }
}

using System.Buffers.Binary;
using System.IO.Hashing;
using System.Runtime.InteropServices;
using System.Text;

namespace LongContext.Evaluation.Strategies.Retrieval;

/// <summary>
/// Embeddings on disk: a head (what it is, which model, how many dimensions), then records of a text's hash, its embedding and a checksum. Records are appended, each batch with the file held
/// alone, so that several retrievers and runs may use it at once; one that was torn when a process was killed is written over.
/// </summary>
/// <param name="path">The file; made when the first embedding comes.</param>
/// <param name="model">The model, as the identity has it.</param>
internal sealed class EmbeddingFile(string path, string model)
{
    private const int HeadSize = 8 + 16 + 4, KeySize = 16, ChecksumSize = 8;
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(30);
    private static ReadOnlySpan<byte> Magic => "LCEMBED1"u8;

    private readonly UInt128 modelHash = XxHash128.HashToUInt128(Encoding.UTF8.GetBytes(model));
    private readonly Lock state = new();
    private Dictionary<UInt128, long>? places;
    private int dimensions;

    /// <summary>The embedding of a text that is kept, or null.</summary>
    /// <exception cref="EvaluationRunException">The file cannot be read, is another's or is of another model.</exception>
    public float[]? TryGet(UInt128 key)
    {
        lock (state)
        {
            if (places is null) Read();
            if (!places!.TryGetValue(key, out long place)) return null;
            using FileStream file = Open(FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            file.Position = place;
            byte[] record = new byte[RecordSize];
            return file.ReadAtLeast(record, record.Length, throwOnEndOfStream: false) == record.Length && IsWhole(record) && KeyOf(record) == key ? VectorOf(record) : null;
        }
    }

    /// <summary>Appends embeddings.</summary>
    /// <exception cref="EvaluationRunException">The file cannot be written.</exception>
    public void Add(IReadOnlyList<(UInt128 Key, float[] Vector)> made)
    {
        if (made.Count == 0) return;
        lock (state)
        {
            if (places is null) Read();
            using FileStream file = Open(FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            CheckHead(file, made[0].Vector.Length);
            long end = HeadSize + ((file.Length - HeadSize) / RecordSize * RecordSize);
            byte[] records = new byte[made.Count * RecordSize];
            for (int i = 0; i < made.Count; i++)
            {
                Span<byte> record = records.AsSpan(i * RecordSize, RecordSize);
                BinaryPrimitives.WriteUInt128LittleEndian(record, made[i].Key);
                MemoryMarshal.AsBytes(made[i].Vector.AsSpan()).CopyTo(record[KeySize..]);
                XxHash64.Hash(record[..^ChecksumSize], record[^ChecksumSize..]);
                places![made[i].Key] = end + (i * RecordSize);
            }

            file.Position = end;
            file.Write(records);
            file.SetLength(end + records.Length);
        }
    }

    private int RecordSize => KeySize + (dimensions * sizeof(float)) + ChecksumSize;

    private void Read()
    {
        places = [];
        if (!File.Exists(path)) return;
        using FileStream file = Open(FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        if (file.Length < HeadSize) return; // torn before anything was kept
        CheckHead(file, expected: null);
        byte[] record = new byte[RecordSize];
        for (long place = HeadSize; file.ReadAtLeast(record, record.Length, throwOnEndOfStream: false) == record.Length; place += record.Length)
        {
            // A damaged one is embedded again.
            if (IsWhole(record)) places[KeyOf(record)] = place;
        }
    }

    /// <summary>Reads the head, or writes it where there is none yet.</summary>
    private void CheckHead(FileStream file, int? expected)
    {
        Span<byte> head = stackalloc byte[HeadSize];
        if (file.Length < HeadSize && expected is { } own)
        {
            Magic.CopyTo(head);
            BinaryPrimitives.WriteUInt128LittleEndian(head[8..], modelHash);
            BinaryPrimitives.WriteInt32LittleEndian(head[24..], own);
            file.Position = 0;
            file.Write(head);
            dimensions = own;
            return;
        }

        file.Position = 0;
        file.ReadExactly(head);
        if (!head.StartsWith(Magic)) throw new EvaluationRunException($"{path} is not a file of embeddings: give another one, or move it away.");
        if (BinaryPrimitives.ReadUInt128LittleEndian(head[8..]) != modelHash)
            throw new EvaluationRunException($"{path} has embeddings of another model than {model}: give each model a file of its own.");
        dimensions = BinaryPrimitives.ReadInt32LittleEndian(head[24..]);
        if (dimensions is < 1 or > 1 << 20) throw new EvaluationRunException($"{path} is damaged: it says that embeddings have {dimensions} dimensions. Move it away.");
        if (expected is { } found && found != dimensions)
            throw new EvaluationRunException($"{path} has embeddings of {dimensions} dimensions, the generator gave one of {found}: name the model by {nameof(EmbeddingRetrieverOptions)}.{nameof(EmbeddingRetrieverOptions.Model)}, or give another file.");
    }

    private static bool IsWhole(ReadOnlySpan<byte> record) => record[^ChecksumSize..].SequenceEqual(XxHash64.Hash(record[..^ChecksumSize]));

    private static UInt128 KeyOf(ReadOnlySpan<byte> record) => BinaryPrimitives.ReadUInt128LittleEndian(record);

    private static float[] VectorOf(ReadOnlySpan<byte> record) => MemoryMarshal.Cast<byte, float>(record[KeySize..^ChecksumSize]).ToArray();

    /// <summary>Opens the file; where another has it at the moment, it is waited for.</summary>
    private FileStream Open(FileMode mode, FileAccess access, FileShare share)
    {
        long start = TimeProvider.System.GetTimestamp();
        while (true)
        {
            try
            {
                return new FileStream(path, mode, access, share, bufferSize: 1 << 16);
            }
            catch (IOException exception) when (exception is not (FileNotFoundException or DirectoryNotFoundException) && TimeProvider.System.GetElapsedTime(start) < LongestWait)
            {
                Thread.Sleep(10);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                throw new EvaluationRunException($"{path} cannot be {(access == FileAccess.Read ? "read" : "written")}: {exception.Message}", exception);
            }
        }
    }
}

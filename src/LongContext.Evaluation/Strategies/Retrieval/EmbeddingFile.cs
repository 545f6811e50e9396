using System.Buffers.Binary;
using System.IO.Hashing;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace LongContext.Evaluation.Strategies.Retrieval;

/// <summary>
/// Embeddings on disk: a head (what it is, which model, how many dimensions), then records of a text's hash, its embedding and a checksum. Records are appended, each batch with the file held
/// alone, so that several retrievers and runs may use it at once, each seeing what the others have added; one that was torn when a process was killed is written over.
/// </summary>
/// <param name="path">The file; made, with its folder, when the first embedding is asked for.</param>
/// <param name="model">The model, as the identity has it.</param>
internal sealed class EmbeddingFile(string path, string model)
{
    private const int HeadSize = 8 + 16 + 4, KeySize = 16, ChecksumSize = 8, ScannedAtOnce = 1 << 20;
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(30);
    private static ReadOnlySpan<byte> Magic => "LCEMBED1"u8;

    private readonly UInt128 modelHash = XxHash128.HashToUInt128(Encoding.UTF8.GetBytes(model));
    private readonly Lock state = new();
    private readonly Dictionary<UInt128, long> places = [];
    private long end; // up to where it was read; 0 where not even the head was
    private int dimensions;
    private bool isWritable;

    private int RecordSize => KeySize + (dimensions * sizeof(float)) + ChecksumSize;

    /// <summary>The embeddings of texts, null for those that are not kept. Where one is not, the file can be written.</summary>
    /// <exception cref="EvaluationRunException">The file cannot be read, is another's or is of another model; or it has to be written and cannot be.</exception>
    public float[]?[] Find(IReadOnlyList<UInt128> keys)
    {
        float[]?[] found = new float[keys.Count][];
        if (keys.Count == 0) return found;
        lock (state)
        {
            if (File.Exists(path)) Use(FileMode.Open, FileAccess.Read, FileShare.ReadWrite, file => Read(file, keys, found));
            else Forget();
            // Before anybody pays for what could not be kept.
            if (!isWritable && Array.IndexOf(found, null) >= 0)
            {
                Use(FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, _ => { });
                isWritable = true;
            }
        }

        return found;
    }

    /// <summary>Appends embeddings.</summary>
    /// <exception cref="EvaluationRunException">The file cannot be written.</exception>
    public void Add(IReadOnlyList<(UInt128 Key, float[] Vector)> made)
    {
        if (made.Count == 0) return;
        lock (state)
        {
            Use(FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, file =>
            {
                Scan(file);
                if (RandomAccess.GetLength(file) < HeadSize)
                {
                    WriteHead(file, made[0].Vector.Length);
                    Scan(file);
                }

                if (made[0].Vector.Length != dimensions)
                    throw new EvaluationRunException($"{path} has embeddings of {dimensions} dimensions, the generator gave one of {made[0].Vector.Length}: name the model by {nameof(EmbeddingRetrieverOptions)}.{nameof(EmbeddingRetrieverOptions.Model)}, or give another file.");
                // Another may have embedded the same meanwhile.
                (UInt128 Key, float[] Vector)[] missing = [.. made.Where(item => !places.ContainsKey(item.Key))];
                byte[] records = new byte[missing.Length * RecordSize];
                for (int i = 0; i < missing.Length; i++)
                {
                    Span<byte> record = records.AsSpan(i * RecordSize, RecordSize);
                    BinaryPrimitives.WriteUInt128LittleEndian(record, missing[i].Key);
                    MemoryMarshal.AsBytes(missing[i].Vector.AsSpan()).CopyTo(record[KeySize..]);
                    XxHash64.Hash(record[..^ChecksumSize], record[^ChecksumSize..]);
                }

                RandomAccess.Write(file, records, end);
                RandomAccess.SetLength(file, end + records.Length);
                for (int i = 0; i < missing.Length; i++) places[missing[i].Key] = end + (i * RecordSize);
                end += records.Length;
            });
        }
    }

    private void Read(SafeFileHandle file, IReadOnlyList<UInt128> keys, float[]?[] found)
    {
        Scan(file);
        if (end == 0) return; // torn before anything was kept
        byte[] record = new byte[RecordSize];
        for (int i = 0; i < found.Length; i++)
        {
            if (!places.TryGetValue(keys[i], out long place)) continue;
            if (ReadFully(file, record, place) == record.Length && IsWhole(record) && KeyOf(record) == keys[i]) found[i] = VectorOf(record);
            else places.Remove(keys[i]); // it was damaged meanwhile, and is embedded again
        }
    }

    /// <summary>Notes the records that were not there the last time.</summary>
    private void Scan(SafeFileHandle file)
    {
        long length = RandomAccess.GetLength(file);
        // Somebody moved the file away and began another.
        if (length < end) Forget();
        if (length < HeadSize)
        {
            RequireTornHead(file, (int)length);
            return;
        }

        int before = dimensions;
        ReadHead(file);
        if (end == 0 || dimensions != before)
        {
            places.Clear();
            end = HeadSize;
        }

        int atOnce = Math.Max(1, ScannedAtOnce / RecordSize);
        long count = (length - end) / RecordSize;
        byte[] records = new byte[Math.Min(atOnce, count) * RecordSize];
        while (count > 0)
        {
            int read = ReadFully(file, records.AsSpan(0, (int)Math.Min(atOnce, count) * RecordSize), end) / RecordSize;
            if (read == 0) return;
            for (int i = 0; i < read; i++, end += RecordSize)
            {
                ReadOnlySpan<byte> record = records.AsSpan(i * RecordSize, RecordSize);
                // A damaged one is embedded again.
                if (IsWhole(record)) places[KeyOf(record)] = end;
            }

            count -= read;
        }
    }

    private void Forget()
    {
        places.Clear();
        end = 0;
    }

    private void WriteHead(SafeFileHandle file, int own)
    {
        Span<byte> head = stackalloc byte[HeadSize];
        Magic.CopyTo(head);
        BinaryPrimitives.WriteUInt128LittleEndian(head[8..], modelHash);
        BinaryPrimitives.WriteInt32LittleEndian(head[24..], own);
        RandomAccess.Write(file, head, 0);
    }

    private void ReadHead(SafeFileHandle file)
    {
        Span<byte> head = stackalloc byte[HeadSize];
        if (ReadFully(file, head, 0) < HeadSize || !head.StartsWith(Magic)) throw OfAnother();
        if (BinaryPrimitives.ReadUInt128LittleEndian(head[8..]) != modelHash)
            throw new EvaluationRunException($"{path} has embeddings of another model than {model}: give each model a file of its own.");
        int found = BinaryPrimitives.ReadInt32LittleEndian(head[24..]);
        if (found is < 1 or > 1 << 20) throw new EvaluationRunException($"{path} is damaged: it says that embeddings have {found} dimensions. Move it away.");
        dimensions = found;
    }

    /// <summary>A file too short for its head is written over only if it is the beginning of one, or empty: any other is somebody else's.</summary>
    private void RequireTornHead(SafeFileHandle file, int length)
    {
        Span<byte> found = stackalloc byte[Math.Min(length, Magic.Length)];
        ReadFully(file, found, 0);
        if (!Magic.StartsWith(found)) throw OfAnother();
    }

    private EvaluationRunException OfAnother() => new($"{path} is not a file of embeddings: give another one, or move it away.");

    private static int ReadFully(SafeFileHandle file, Span<byte> target, long place)
    {
        int read = 0;
        for (int more; read < target.Length && (more = RandomAccess.Read(file, target[read..], place + read)) > 0;) read += more;
        return read;
    }

    private static bool IsWhole(ReadOnlySpan<byte> record) => record[^ChecksumSize..].SequenceEqual(XxHash64.Hash(record[..^ChecksumSize]));

    private static UInt128 KeyOf(ReadOnlySpan<byte> record) => BinaryPrimitives.ReadUInt128LittleEndian(record);

    private static float[] VectorOf(ReadOnlySpan<byte> record) => MemoryMarshal.Cast<byte, float>(record[KeySize..^ChecksumSize]).ToArray();

    /// <summary>Opens the file for something; where another has it at the moment, it is waited for.</summary>
    private void Use(FileMode mode, FileAccess access, FileShare share, Action<SafeFileHandle> use)
    {
        try
        {
            if (access != FileAccess.Read) Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            using SafeFileHandle file = Open(mode, access, share);
            use(file);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new EvaluationRunException($"{path} cannot be {(access == FileAccess.Read ? "read" : "written")}: {exception.Message}", exception);
        }
    }

    private SafeFileHandle Open(FileMode mode, FileAccess access, FileShare share)
    {
        long start = TimeProvider.System.GetTimestamp();
        while (true)
        {
            try
            {
                return File.OpenHandle(path, mode, access, share);
            }
            catch (IOException exception) when (exception is not (FileNotFoundException or DirectoryNotFoundException) && TimeProvider.System.GetElapsedTime(start) < LongestWait)
            {
                Thread.Sleep(10);
            }
        }
    }
}

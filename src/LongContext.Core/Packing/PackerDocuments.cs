using LongContext.Data;

namespace LongContext.Packing;

/// <summary>
/// The documents that a packer holds, in its state: the packs not handed out, then what is in no pack yet. All tokens in one array; per
/// document four numbers (length, targets of its sequence, windows waited, runs of its loss mask or −1 for none); runs of masks by
/// turns false and true, beginning with false.
/// </summary>
internal static class PackerDocuments
{
    private const int Fields = 4;

    public static StreamState SetDocuments(this StreamState state, PackedDocument[][] packs, int next, WaitingDocument[] waiting)
    {
        IEnumerable<WaitingDocument> All() => packs.Skip(next).SelectMany(pack => pack).Select(document => new WaitingDocument(document, 0)).Concat(waiting);
        return state
            .SetArray("packs", () => [packs.Skip(next).Select(pack => pack.Length).ToArray()])
            .SetArray("documents", () => [All().SelectMany(Describe).ToArray()])
            .SetArray("masks", () => [All().SelectMany(document => Runs(document.Document.Sequence.LossMask)).ToArray()])
            .SetArray("tokens", () => [.. All().Select(document => document.Document.Sequence.Tokens)]);
    }

    /// <exception cref="DataFormatException">What the state holds cannot be what a packer of this context length held.</exception>
    public static (PackedDocument[][] Packs, List<WaitingDocument> Waiting) GetDocuments(this StreamState state, int contextLength)
    {
        List<WaitingDocument> documents = ReadAll(state, contextLength);
        ReadOnlySpan<int> sizes = state.GetArray("packs").Span;
        PackedDocument[][] packs = new PackedDocument[sizes.Length][];
        int start = 0;
        for (int p = 0; p < packs.Length; p++)
        {
            if (sizes[p] < 1 || sizes[p] > documents.Count - start) throw state.Fault($"pack {p} has {sizes[p]} of the {documents.Count - start} documents that are left");
            packs[p] = [.. documents.GetRange(start, sizes[p]).Select(document => document.Document)];
            start += sizes[p];
            long tokens = packs[p].Sum(document => (long)document.Sequence.Length);
            if (tokens > contextLength) throw state.Fault($"pack {p} has {tokens} tokens, expected at most the context length of {contextLength}");
        }

        return (packs, documents[start..]);
    }

    private static List<WaitingDocument> ReadAll(StreamState state, int contextLength)
    {
        ReadOnlyMemory<int> tokens = state.GetArray("tokens");
        ReadOnlySpan<int> described = state.GetArray("documents").Span, runs = state.GetArray("masks").Span;
        if (described.Length % Fields != 0) throw state.Fault($"its documents have {described.Length} numbers, expected {Fields} each");
        List<WaitingDocument> documents = new(described.Length / Fields);
        for (; !described.IsEmpty; described = described[Fields..])
        {
            (int length, int targets, int windows, int runCount) = (described[0], described[1], described[2], described[3]);
            if (length < 1 || length > contextLength || length > tokens.Length || windows < 0 || runCount < -1 || runCount > runs.Length)
                throw state.Fault($"document {documents.Count} has {length} tokens, {windows} windows and {runCount} runs of its mask, which cannot be");
            bool[]? mask = runCount < 0 ? null : Mask(state, runs[..runCount], length);
            TokenSequence sequence = new(tokens[..length], mask);
            int own = sequence.CountTargets();
            if (targets < own) throw state.Fault($"document {documents.Count} has {own} targets, but its whole sequence only {targets}");
            documents.Add(new WaitingDocument(new PackedDocument(sequence, own, targets), windows));
            tokens = tokens[length..];
            runs = runs[Math.Max(0, runCount)..];
        }

        return tokens.IsEmpty && runs.IsEmpty ? documents : throw state.Fault($"{tokens.Length} tokens and {runs.Length} runs of masks belong to no document");
    }

    private static int[] Describe(WaitingDocument waiting) =>
    [
        waiting.Document.Sequence.Length,
        waiting.Document.SequenceTargetCount,
        waiting.Windows,
        waiting.Document.Sequence.LossMask.IsEmpty ? -1 : Runs(waiting.Document.Sequence.LossMask).Count,
    ];

    private static List<int> Runs(ReadOnlyMemory<bool> mask)
    {
        List<int> runs = [];
        LossMaskRuns.Append(runs, mask.Span);
        return runs;
    }

    private static bool[] Mask(StreamState state, ReadOnlySpan<int> runs, int length)
    {
        bool[] mask = new bool[length];
        return LossMaskRuns.TryExpand(runs, mask) ? mask : throw state.Fault($"the runs of a loss mask do not cover its {length} tokens");
    }
}

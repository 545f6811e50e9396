using System.IO.Hashing;
using System.Runtime.InteropServices;
using LongContext.Data.Examples;
using LongContext.Packing;

namespace LongContext.Data;

/// <summary>What an item puts into the fingerprint of the data it is of.</summary>
internal static class Fingerprint
{
    private const int TokensAtOnce = 1 << 20;
    private const int ItemsOfList = 1024;

    /// <summary>Of a list: of as many of its items, evenly over it, as are looked at in no time.</summary>
    /// <param name="items">The list.</param>
    /// <param name="most">As many items are looked at, at most.</param>
    public static string OfList<T>(IReadOnlyList<T> items, int most = ItemsOfList)
        where T : class
    {
        XxHash128 hash = new();
        int sampled = Math.Min(items.Count, most);
        for (int i = 0; i < sampled; i++) Append(hash, items[Sampled(i)] ?? throw new ArgumentException($"Item {Sampled(i)} of the list is null.", nameof(items)));

        return Convert.ToHexStringLower(hash.GetCurrentHash());

        int Sampled(int i) => (int)((long)i * items.Count / sampled);
    }

    /// <summary>Adds an item; of types that are not the library's own, what <see cref="object.ToString"/> says.</summary>
    public static void Append(XxHash128 hash, object item)
    {
        switch (item)
        {
            case TokenSequence sequence:
                hash.Append(MemoryMarshal.AsBytes(new ReadOnlySpan<int>([sequence.Length, sequence.LossMask.Length])));
                Append(hash, sequence.Tokens.Span);
                hash.Append(MemoryMarshal.AsBytes(sequence.LossMask.Span));
                break;
            case PackedBatch pack:
                hash.Append(MemoryMarshal.AsBytes(new ReadOnlySpan<int>([pack.TokenCount, pack.DocumentCount])));
                Append(hash, pack.CumulativeSequenceLengths.Span);
                Append(hash, pack.InputIds.Span);
                Append(hash, pack.Labels.Span);
                Append(hash, pack.LossWeights.Span);
                break;
            case TextExample example:
                Append(hash, example.Text);
                break;
            case PromptExample example:
                Append(hash, example.Prompt);
                Append(hash, example.Completion);
                if (example.PromptCounts) Append(hash, "prompt counted");
                break;
            case SegmentsExample example:
                foreach (TextSegment segment in example.Segments)
                {
                    Append(hash, segment.Text);
                    hash.Append(segment.Counts ? [1] : [0]);
                }

                break;
            case ChatExample example:
                foreach (Chat.ChatTurn turn in example.Turns)
                {
                    Append(hash, turn.Role);
                    Append(hash, turn.Content);
                    if (turn.Reasoning is { } reasoning) Append(hash, "reasoning" + reasoning);
                    if (!turn.CountsInLoss) Append(hash, "not counted");
                    if (turn.ToolCallId is { } answered) Append(hash, "answers" + answered);
                    foreach (Chat.ChatToolCall call in turn.ToolCalls) Append(hash, $"calls{call.Id} {call.Name} {call.Arguments.GetRawText()}");
                }

                foreach (Chat.ChatTool tool in example.Tools) Append(hash, $"offers{tool.Name} {tool.Parameters.GetRawText()} {tool.Description}");

                break;
            default:
                Append(hash, item.ToString() ?? "");
                break;
        }
    }

    /// <summary>In pieces: a span of bytes is no longer than 2³¹ − 1, but 2²⁹ tokens have more.</summary>
    private static void Append<T>(XxHash128 hash, ReadOnlySpan<T> tokens)
        where T : struct
    {
        for (int at = 0; at < tokens.Length; at += TokensAtOnce) hash.Append(MemoryMarshal.AsBytes(tokens.Slice(at, Math.Min(TokensAtOnce, tokens.Length - at))));
    }

    private static void Append(XxHash128 hash, string text)
    {
        hash.Append(MemoryMarshal.AsBytes(new ReadOnlySpan<int>([text.Length])));
        hash.Append(MemoryMarshal.AsBytes(text.AsSpan()));
    }
}

using System.IO.Hashing;
using System.Runtime.InteropServices;
using LongContext.Data.Examples;
using LongContext.Packing;

namespace LongContext.Data;

/// <summary>What an item puts into the fingerprint of the data it is of.</summary>
internal static class Fingerprint
{
    private const int TokensAtOnce = 1 << 20;

    /// <summary>Adds an item; of types that are not the library's own, what <see cref="object.ToString"/> says.</summary>
    public static void Append(XxHash128 hash, object item)
    {
        switch (item)
        {
            case TokenSequence sequence:
                hash.Append(MemoryMarshal.AsBytes(new ReadOnlySpan<int>([sequence.Length, sequence.LossMask.Length])));
                // A span of bytes is no longer than 2³¹ − 1, but 2²⁹ tokens have more.
                for (int at = 0; at < sequence.Length; at += TokensAtOnce)
                    hash.Append(MemoryMarshal.AsBytes(sequence.Tokens.Span.Slice(at, Math.Min(TokensAtOnce, sequence.Length - at))));
                hash.Append(MemoryMarshal.AsBytes(sequence.LossMask.Span));
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

    private static void Append(XxHash128 hash, string text)
    {
        hash.Append(MemoryMarshal.AsBytes(new ReadOnlySpan<int>([text.Length])));
        hash.Append(MemoryMarshal.AsBytes(text.AsSpan()));
    }
}

using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace LongContext.Chat;

/// <summary>
/// Gives the ids of a conversation's calls anew where a template would refuse them, as it does those of other providers: each call and its result alike. An id becomes the same one each time, so
/// that a conversation which grows keeps its beginning.
/// </summary>
internal sealed class ToolCallIdMap
{
    private readonly int length;
    private readonly Dictionary<string, string> given = new(StringComparer.Ordinal);
    private readonly HashSet<string> used = new(StringComparer.Ordinal);

    private ToolCallIdMap(int length) => this.length = length;

    /// <summary>A conversation whose ids are of one length.</summary>
    /// <param name="turns">The conversation.</param>
    /// <param name="length">Characters (code points) of an id.</param>
    /// <returns>The same turns where all ids are so already. A result without an id stays without one.</returns>
    public static IReadOnlyList<ChatTurn> Fit(IReadOnlyList<ChatTurn> turns, int length)
    {
        if (turns.All(turn => turn.ToolCalls.All(call => Fits(call.Id, length)) && (string.IsNullOrEmpty(turn.ToolCallId) || Fits(turn.ToolCallId, length)))) return turns;
        var map = new ToolCallIdMap(length);
        return [.. turns.Select(map.Fit)];
    }

    private static bool Fits(string id, int length) => id.EnumerateRunes().Count() == length;

    private ChatTurn Fit(ChatTurn turn) => turn with
    {
        ToolCalls = [.. turn.ToolCalls.Select(call => new ChatToolCall(Fit(call.Id), call.Name, call.Arguments))],
        ToolCallId = string.IsNullOrEmpty(turn.ToolCallId) ? turn.ToolCallId : Fit(turn.ToolCallId),
    };

    private string Fit(string id)
    {
        if (given.TryGetValue(id, out string? known)) return known;
        string fitting = Fits(id, length) ? id : Made(id);
        for (int i = 1; !used.Add(fitting); i++) fitting = Made($"{i} {id}");
        return given[id] = fitting;
    }

    private string Made(string id) => ToolCallIds.Spell(BinaryPrimitives.ReadInt64LittleEndian(SHA256.HashData(Encoding.UTF8.GetBytes(id))) & long.MaxValue, length);
}

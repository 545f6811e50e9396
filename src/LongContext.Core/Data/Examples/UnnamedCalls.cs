using System.Globalization;
using LongContext.Chat;

namespace LongContext.Data.Examples;

/// <summary>Names the calls of one conversation that bring no id, and their answers: answers without an id are given to such calls in order.</summary>
internal sealed class UnnamedCalls
{
    private readonly Queue<string> waiting = [];
    private int made;

    /// <summary>Begins another turn that calls.</summary>
    public void BeginTurn() => waiting.Clear();

    /// <summary>An id for the next call without one.</summary>
    public string MakeId()
    {
        string id = "call_" + (++made).ToString(CultureInfo.InvariantCulture);
        waiting.Enqueue(id);
        return id;
    }

    /// <summary>A tool's turn with the id of its call, where neither brought one.</summary>
    public ChatTurn Name(ChatTurn answer) => answer.ToolCallId is null && waiting.TryDequeue(out string? id) ? answer with { ToolCallId = id } : answer;
}

using System.Text;
using LongContext.Chat;

namespace LongContext.Data.Examples;

/// <summary>A conversation, of which the assistant's turns count.</summary>
/// <param name="Turns">The turns in their order, at least one.</param>
public sealed record ChatExample(IReadOnlyList<ChatTurn> Turns) : TrainingExample
{
    /// <summary>The functions that the assistant may call. Default: none.</summary>
    public IReadOnlyList<ChatTool> Tools { get; init; } = [];

    /// <inheritdoc/>
    public override long TextLength => Turns.Sum(turn => (long)turn.TextLength) + Tools.Sum(tool => (long)tool.TextLength);

    /// <summary>Whether another has the same turns, tools, origin and properties.</summary>
    /// <param name="other">The other.</param>
    public bool Equals(ChatExample? other) => base.Equals(other) && Turns.SequenceEqual(other.Turns) && Tools.SequenceEqual(other.Tools);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Turns.Count, TextLength, Turns.Count == 0 ? null : Turns[0]);

    /// <inheritdoc/>
    protected override bool PrintMembers(StringBuilder builder)
    {
        base.PrintMembers(builder);
        builder.Append(", Turns = [").AppendJoin(" | ", Turns.Select(turn => $"{turn.Role}: {turn.Content}")).Append(']');
        return true;
    }
}

using Microsoft.Extensions.AI;

namespace LongContext.AspNetCore.Serving;

/// <summary>The form of one answer: a chat's or a text's.</summary>
internal interface IAnswerWriting
{
    /// <summary>Writes a whole answer.</summary>
    Task WriteAsync(AnswerWriter writer, ChatResponse response);

    /// <summary>What a stream begins with.</summary>
    void AddBeginning(AnswerWriter writer);

    /// <summary>A piece of the answer.</summary>
    void AddPiece(AnswerWriter writer, ChatResponseUpdate update);

    /// <summary>Why it ended, and the count of tokens where it is asked for.</summary>
    void AddEnd(AnswerWriter writer, bool includeUsage);
}

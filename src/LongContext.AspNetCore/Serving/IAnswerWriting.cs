using Microsoft.Extensions.AI;

namespace LongContext.AspNetCore.Serving;

/// <summary>The form of the answers to a request: a chat's or a text's.</summary>
internal interface IAnswerWriting
{
    /// <summary>Writes whole answers.</summary>
    Task WriteAsync(AnswerWriter writer, ChatResponse[] responses);

    /// <summary>What a stream begins with.</summary>
    void AddBeginning(AnswerWriter writer);

    /// <summary>A piece of an answer.</summary>
    void AddPiece(AnswerWriter writer, AnswerPiece piece);

    /// <summary>Why they ended, and the count of tokens where it is asked for.</summary>
    void AddEnd(AnswerWriter writer, bool includeUsage);
}

using Microsoft.Extensions.AI;

namespace LongContext.AspNetCore.Serving;

/// <summary>A piece of one of the answers to a request.</summary>
/// <param name="Choice">Which answer, from 0 on.</param>
/// <param name="Update">The piece.</param>
internal readonly record struct AnswerPiece(int Choice, ChatResponseUpdate Update);

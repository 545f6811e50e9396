using LongContext.Generation;
using Microsoft.Extensions.AI;

namespace LongContext.Hosting;

/// <summary>The longest answer that who stands before a model lets it give.</summary>
internal static class AnswerLimit
{
    /// <inheritdoc cref="OpenLength.Bound"/>
    public static void Bound(ChatOptions options, int limit, bool isRest) => OpenLength.Bound(options, limit, isRest);
}

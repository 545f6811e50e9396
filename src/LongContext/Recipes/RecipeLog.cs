using Microsoft.Extensions.Logging;

namespace LongContext.Recipes;

/// <summary>What recipes tell the logger beside the trainer's lines.</summary>
internal static partial class RecipeLog
{
    /// <summary>The saved folder does not say in which chat format the model was tuned.</summary>
    [LoggerMessage(EventId = 224, Level = LogLevel.Warning, Message = "{Fault}")]
    public static partial void ChatFormatFault(ILogger logger, string fault);
}

using LongContext.Checkpoints;
using Microsoft.Extensions.Logging;

namespace LongContext.Generation;

/// <summary>How a client's tokens are chosen where neither a request nor the client's options say: as the model's generation_config.json does.</summary>
internal static partial class ClientDefaults
{
    /// <summary>The options in force, and the length of prompt and answer at which an answer ends that nobody gave a length, as of <see cref="AnswerEnd"/>.</summary>
    public static (GenerationOptions Generation, int? AnswerEnd) Of(LongContextChatClientOptions options, GenerationConfig? suggested)
    {
        if (options.Generation is { } given) return (given, options.AnswerEnd);
        return (suggested is null ? new GenerationOptions() : GenerationOptions.FromConfig(suggested), AnswerEnd(suggested));
    }

    /// <summary>Tokens of prompt and answer at which an answer ends that nobody gave a length: the file's, or <see cref="ChatLengths.Rest"/>; null where the file has a length of the answer alone, which its options state.</summary>
    public static int? AnswerEnd(GenerationConfig? suggested) => suggested is { MaximumNewTokens: not null } ? null : suggested?.MaximumLength ?? ChatLengths.Rest;

    /// <summary>Tells the logger what the file asks for in vain.</summary>
    public static void LogUnused(LongContextChatClientOptions options, GenerationConfig? suggested)
    {
        ILogger? logger = options.Engine?.Logger ?? options.Loading.Logger;
        if (logger is not null && options.Generation is null && suggested is { UnusedFields.Count: > 0 }) LogUnused(logger, string.Join(", ", suggested.UnusedFields));
    }

    /// <summary>Says that conversations are gone on with as plain text, since nothing says how the model was taught to read them. A host says so itself.</summary>
    public static void LogNoFormat(LongContextChatClientOptions options, string folder)
    {
        if ((options.Engine?.Logger ?? options.Loading.Logger) is { } logger && !options.TakesUnknownTemplate) LogNoFormat(logger, folder);
    }

    [LoggerMessage(EventId = 107, Level = LogLevel.Warning, Message = "{Folder} has no chat template, and no chat format is named: messages are joined and gone on with as plain text. Name the format that the model was tuned in (LongContextChatClientOptions.ChatFormat), or write it into the folder (ChatFormat.SaveTemplate).")]
    private static partial void LogNoFormat(ILogger logger, string folder);

    [LoggerMessage(EventId = 102, Level = LogLevel.Warning, Message = "generation_config.json sets what is not done here, and is left unheeded in it: {Fields}.")]
    private static partial void LogUnused(ILogger logger, string fields);
}

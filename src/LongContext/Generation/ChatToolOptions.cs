using System.Text.Json;
using LongContext.Chat;
using LongContext.Generation.Grammars;
using Microsoft.Extensions.AI;

namespace LongContext.Generation;

/// <summary>What a request's chat options say of tools, checked.</summary>
internal sealed record ChatToolOptions
{
    /// <summary>A function's or a request's additional property that says whether arguments must satisfy the schema, as the OpenAI client has it.</summary>
    private const string Strict = "strict";

    /// <summary>The functions that the model is told of; empty where it may call none.</summary>
    public IReadOnlyList<CallableTool> Tools { get; private init; } = [];

    /// <summary>Those that it may call.</summary>
    public IReadOnlyList<CallableTool> Callable { get; private init; } = [];

    /// <summary>Whether it must call one.</summary>
    public bool IsRequired { get; private init; }

    /// <summary>Whether it may make several calls; null for as many as the format has.</summary>
    public bool? AllowsSeveral { get; private init; }

    /// <exception cref="NotSupportedException">A tool is no function.</exception>
    /// <exception cref="ArgumentException">A function cannot be used as it is, or one is required that is not there.</exception>
    public static ChatToolOptions Read(ChatOptions? options)
    {
        if (options is null || options.ToolMode is NoneChatToolMode) return new ChatToolOptions();
        List<CallableTool> tools = [];
        foreach (AITool tool in options.Tools ?? []) tools.Add(Function(tool, tools.Count, options));
        List<CallableTool> callable = tools;
        var required = options.ToolMode as RequiredChatToolMode;
        if (required is not null && tools.Count == 0) throw new ArgumentException("ChatOptions.ToolMode requires a call, but ChatOptions.Tools has no function.", nameof(options));
        if (required?.RequiredFunctionName is { } name)
        {
            callable = tools.FindAll(each => each.Tool.Name == name);
            if (callable.Count == 0) throw new ArgumentException($"ChatOptions.ToolMode requires the function \"{name}\", which ChatOptions.Tools does not have.", nameof(options));
        }

        return new ChatToolOptions { Tools = tools, Callable = callable, IsRequired = required is not null, AllowsSeveral = options.AllowMultipleToolCalls };
    }

    private static CallableTool Function(AITool? tool, int number, ChatOptions options)
    {
        if (tool is not AIFunctionDeclaration function)
        {
            throw tool is null ? new ArgumentException($"ChatOptions.Tools[{number}] is null.", nameof(options))
                : new NotSupportedException($"ChatOptions.Tools[{number}] is a {tool.GetType().Name} (\"{tool.Name}\"), but the model calls functions only.");
        }

        string? description = function.Description is { Length: > 0 } told ? told : null;
        try
        {
            return new CallableTool(new ChatTool(function.Name, description, function.JsonSchema), Flag(function.AdditionalProperties) ?? Flag(options.AdditionalProperties) ?? false);
        }
        catch (ArgumentException e)
        {
            throw new ArgumentException($"ChatOptions.Tools[{number}] cannot be used: {e.Message}", nameof(options), e);
        }
    }

    /// <summary>What additional properties say of being strict; null for nothing.</summary>
    internal static bool? Flag(IReadOnlyDictionary<string, object?>? properties) => properties is not null && properties.TryGetValue(Strict, out object? value) ? value switch
    {
        bool flag => flag,
        JsonElement { ValueKind: JsonValueKind.True } => true,
        JsonElement { ValueKind: JsonValueKind.False } => false,
        _ => null,
    }
    : null;
}

using System.Runtime.InteropServices;
using System.Text.Json;
using LongContext.AspNetCore.Serving;
using LongContext.Chat;
using Microsoft.Extensions.AI;

namespace LongContext.AspNetCore.Protocol;

/// <summary>The functions that a chat's answer may call: "tools", "tool_choice" and "parallel_tool_calls".</summary>
internal static class ToolFields
{
    private const string Field = "tools", Choice = "tool_choice", Function = "function";

    /// <summary>Of a function without "parameters".</summary>
    private static readonly JsonElement Nothing = JsonElement.Parse("""{"type":"object","properties":{}}""");

    public static void Read(JsonFields fields, OpenAIServerOptions limits, ChatOptions options)
    {
        List<AITool> tools = Tools(fields, limits);
        options.AllowMultipleToolCalls = fields.Boolean("parallel_tool_calls");
        options.ToolMode = Mode(fields, ref tools);
        if (tools.Count > 0) options.Tools = tools;
        else if (options.ToolMode is RequiredChatToolMode) throw ProtocolException.Bad($"'{Choice}' requires a call, but there are no '{Field}'.", Choice);
    }

    private static List<AITool> Tools(JsonFields fields, OpenAIServerOptions limits)
    {
        List<AITool> tools = [];
        if (fields.Array(Field) is not { } given) return tools;
        if (fields.Find(Field) is { } whole && JsonMarshal.GetRawUtf8Value(whole).Length is var bytes && bytes > limits.MaximumToolBytes)
            throw ProtocolException.Bad($"'{Field}' has {bytes} bytes, expected at most {limits.MaximumToolBytes}.", Field);
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (JsonElement item in given)
        {
            if (tools.Count == limits.MaximumTools) throw ProtocolException.Bad($"'{Field}' has more than the {limits.MaximumTools} tools that may be.", Field);
            string name = $"{Field}[{tools.Count}]";
            ToolDeclaration tool = Tool(JsonFields.Of(item, name));
            if (!names.Add(tool.Name)) throw ProtocolException.Bad($"'{name}.function.name' is another tool's name, too.", $"{name}.function.name");
            tools.Add(tool);
        }

        return tools;
    }

    private static ToolDeclaration Tool(JsonFields fields)
    {
        RequireFunction(fields);
        JsonFields function = fields.Object(Function) ?? throw ProtocolException.Bad($"'{fields.Name(Function)}' is missing, expected an object.", fields.Name(Function));
        string name = FunctionName(function), parameters = function.Name("parameters");
        JsonElement schema = function.Find("parameters") ?? Nothing;
        if (schema.ValueKind != JsonValueKind.Object) throw JsonFields.Wrong(parameters, "a JSON schema, which is an object", schema);
        JsonFields.RequireText(schema, parameters);
        try
        {
            return new ToolDeclaration(new ChatTool(name, function.String("description"), schema), parameters, function.Boolean("strict"));
        }
        catch (ArgumentException e)
        {
            throw ProtocolException.Bad($"'{parameters}' cannot be used: {Faults.Message(e)}", parameters);
        }
    }

    /// <summary>A function's name, as models and grammars can spell it.</summary>
    public static string FunctionName(JsonFields function)
    {
        string field = function.Name("name");
        string name = function.String("name") ?? throw ProtocolException.Bad($"'{field}' is missing, expected a string.", field);
        if (name.Length is 0 or > 64 || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.'))
            throw ProtocolException.Bad($"'{field}' is no function's name, expected 1 to 64 of the characters A-Z, a-z, 0-9, '_', '-' and '.'.", field);
        return name;
    }

    /// <summary>Refuses what is no function.</summary>
    public static void RequireFunction(JsonFields fields)
    {
        string field = fields.Name("type");
        switch (fields.String("type"))
        {
            case Function:
                return;
            case null:
                throw ProtocolException.Bad($"'{field}' is missing, expected \"{Function}\".", field);
            default:
                throw ProtocolException.Unsupported($"'{field}' is not \"{Function}\", which is all that a model calls here.", field);
        }
    }

    /// <summary>Whether and what the answer must call; "allowed_tools" takes the others away.</summary>
    private static ChatToolMode? Mode(JsonFields fields, ref List<AITool> tools)
    {
        if (fields.Find(Choice) is not { } given) return null;
        if (given.ValueKind == JsonValueKind.String) return Mode(JsonFields.Text(given, Choice), Choice, withNone: true);
        JsonFields choice = JsonFields.Of(given, Choice);
        if (choice.String("type") != "allowed_tools") return ChatToolMode.RequireSpecific(Named(choice, tools));
        JsonFields allowed = choice.Object("allowed_tools") ?? throw ProtocolException.Bad($"'{choice.Name("allowed_tools")}' is missing, expected an object.", choice.Name("allowed_tools"));
        string mode = allowed.String("mode") ?? throw ProtocolException.Bad($"'{allowed.Name("mode")}' is missing, expected auto or required.", allowed.Name("mode"));
        var names = new HashSet<string>(StringComparer.Ordinal);
        int number = 0;
        foreach (JsonElement item in allowed.Array("tools") ?? throw ProtocolException.Bad($"'{allowed.Name("tools")}' is missing, expected an array of tools.", allowed.Name("tools")))
            names.Add(Named(JsonFields.Of(item, $"{allowed.Name("tools")}[{number++}]"), tools));
        tools = tools.FindAll(tool => names.Contains(tool.Name));
        return Mode(mode, allowed.Name("mode"), withNone: false);
    }

    private static ChatToolMode Mode(string mode, string field, bool withNone) => mode switch
    {
        "auto" => ChatToolMode.Auto,
        "required" => ChatToolMode.RequireAny,
        "none" when withNone => ChatToolMode.None,
        _ => throw ProtocolException.Bad($"'{field}' is unknown, expected {(withNone ? "none, " : "")}auto or required.", field),
    };

    /// <summary>The tool that a choice names.</summary>
    private static string Named(JsonFields choice, List<AITool> tools)
    {
        RequireFunction(choice);
        JsonFields function = choice.Object(Function) ?? throw ProtocolException.Bad($"'{choice.Name(Function)}' is missing, expected an object.", choice.Name(Function));
        string name = FunctionName(function);
        return tools.Exists(tool => tool.Name == name) ? name : throw ProtocolException.Bad($"'{function.Name("name")}' is \"{name}\", which is none of the '{Field}'.", function.Name("name"));
    }
}

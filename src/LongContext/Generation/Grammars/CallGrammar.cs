using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using LongContext.Chat;

namespace LongContext.Generation.Grammars;

/// <summary>Makes a grammar of answers that call functions: thoughts, then calls, or text in which calls may begin, or a text of another grammar.</summary>
internal sealed class CallGrammar
{
    private const string AnyObject = """{"type":"object"}""";

    private readonly CallGrammarForm form;
    private readonly GrammarGraph graph;
    private readonly bool takesAnyArguments;
    private readonly int end;
    private int? names;

    private CallGrammar(CallGrammarForm form, GrammarGraph graph, bool takesAnyArguments)
    {
        (this.form, this.graph, this.takesAnyArguments) = (form, graph, takesAnyArguments);
        end = graph.Add(endsRule: true);
    }

    /// <summary>The grammar of a form.</summary>
    /// <param name="form">What answers may be.</param>
    /// <param name="tokens">The vocabulary, with the special tokens that stand in calls spelled out.</param>
    /// <exception cref="FunctionSchemaException">A strict tool's schema is no schema, nothing satisfies it, or it has a word that a grammar cannot hold; names the tool.</exception>
    /// <exception cref="NoTokenAllowedException">The schemas together are too ambiguous, and one of the tools is strict.</exception>
    public static CompiledGrammar Create(CallGrammarForm form, TokenBytes tokens)
    {
        int depth = Math.Max(new JsonGrammarOptions().MaximumDepth, form.Answer?.Options.MaximumDepth ?? 0);
        try
        {
            return new CompiledGrammar(tokens, depth, graph => new CallGrammar(form, graph, takesAnyArguments: false).Build());
        }
        catch (Exception e) when (e is NoTokenAllowedException or ArgumentException && !form.Tools.Any(each => each.IsStrict))
        {
            return new CompiledGrammar(tokens, depth, graph => new CallGrammar(form, graph, takesAnyArguments: true).Build());
        }
    }

    private int Build()
    {
        if (!form.MayEndAnywhere)
        {
            int body = graph.Add();
            graph.Empty(body, Calls(form.Syntax.Prefix + form.Syntax.CallPrefix));
            if (!form.IsRequired && form.Answer is { } answer) graph.Call(body, SchemaGrammar.Build(graph, JsonNode.Parse(answer.Schema)!, answer.Options), end);
            return Thoughts(body);
        }

        // Behind a spelling of the opening that is not the template's own, all goes on as behind that one.
        string rest = (form.Syntax.Prefix + form.Syntax.CallPrefix)[(form.Syntax.Opening?.Length ?? 0)..];
        var text = new FreeText(graph, form.Syntax.Openings.Select(opening => (opening, Calls(rest))), end);
        return form.Syntax.IsBare ? Bare(text) : Thoughts(text.Start);
    }

    /// <summary>Answers in which an object calls by its place, at the beginning or behind the thoughts.</summary>
    private int Bare(FreeText text)
    {
        int answer = Opening().Build(graph, text, end);
        if (form.Stage != ReasoningStage.Before || form.Thoughts is not { } tags) return Thoughts(answer);
        // Thoughts are told from an answer by how the text begins, so that no text is both.
        BareOpening opening = Opening();
        opening.AddTag(tags.Opening, Thoughts(tags, answer));
        return opening.Build(graph, text, end);
    }

    private BareOpening Opening()
    {
        const string last = "\"name\"";
        string prefix = form.Syntax.CallPrefix, rest = prefix[(prefix.IndexOf(last, StringComparison.Ordinal) + last.Length)..];
        var opening = new BareOpening();
        foreach (IReadOnlyList<string> strings in form.Syntax.BareBeginnings) opening.AddObject(strings, Calls(rest));
        return opening;
    }

    /// <summary>What may stand before the answer.</summary>
    private int Thoughts(int body)
    {
        if (form.Thoughts is not { } tags || form.Stage == ReasoningStage.Answering) return body;
        int thoughts = Thoughts(tags, body);
        if (form.Stage == ReasoningStage.Thinking) return thoughts;
        int start = graph.Add(), first = graph.Add();
        LineFeeds(start, first);
        Text(first, tags.Opening, thoughts);
        graph.Empty(first, body);
        return start;
    }

    /// <summary>Thoughts and the tag that closes them.</summary>
    private int Thoughts(ReasoningTags tags, int body)
    {
        int behind = graph.Add();
        LineFeeds(behind, body);
        return FreeText.Until(graph, tags.Closing, behind, form.MayEndAnywhere ? end : null);
    }

    /// <summary>Up to two, which templates put beside tags.</summary>
    private void LineFeeds(int from, int to)
    {
        int one = graph.Add();
        graph.Empty(from, to);
        graph.Byte(from, (byte)'\n', (byte)'\n', one);
        graph.Empty(one, to);
        graph.Byte(one, (byte)'\n', (byte)'\n', to);
    }

    /// <summary>Reads one or more calls to the answer's end.</summary>
    /// <param name="rest">What is still to come before the first one's name.</param>
    /// <returns>Where they begin.</returns>
    private int Calls(string rest)
    {
        int start = graph.Add();
        Text(start, rest, names ??= Names());
        return start;
    }

    /// <summary>The same from the first one's name on, which all have in common.</summary>
    private int Names()
    {
        ToolCallSyntax syntax = form.Syntax;
        int name = graph.Add(), after = graph.Add();
        foreach (CallableTool callable in form.Tools)
        {
            int arguments = graph.Add(), close = graph.Add();
            Text(name, callable.Tool.Name + syntax.ArgumentsPrefix, arguments);
            graph.Call(arguments, Arguments(callable), close);
            Text(close, syntax.CallSuffix, after);
        }

        if (form.AllowsSeveral) Text(after, syntax.Separator + syntax.CallPrefix, name);
        Text(after, syntax.Suffix, end);
        return name;
    }

    private int Arguments(CallableTool callable)
    {
        string tool = callable.Tool.Name;
        try
        {
            if (!takesAnyArguments) return SchemaGrammar.Build(graph, Schema(callable.Tool.Parameters), new JsonGrammarOptions());
        }
        catch (NotSupportedException e)
        {
            if (callable.IsStrict) throw new FunctionSchemaException($"The tool \"{tool}\" is strict, but its parameters cannot be held to: {e.Message}", e) { FunctionName = tool };
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException)
        {
            // The latter where a word of the schema has a value of a type that it cannot have.
            if (callable.IsStrict) throw new FunctionSchemaException($"The tool \"{tool}\" is strict, but its parameters are no schema that can be held to: {e.Message}", e) { FunctionName = tool };
        }

        return SchemaGrammar.Build(graph, JsonNode.Parse(AnyObject)!, new JsonGrammarOptions());
    }

    /// <summary>A tool's schema; arguments are an object, whether it says so or not.</summary>
    private static JsonObject Schema(JsonElement parameters)
    {
        JsonObject schema = JsonNode.Parse(parameters.GetRawText())!.AsObject();
        if (!schema.ContainsKey("type"))
        {
            schema.Insert(0, "type", "object");
            return schema;
        }

        return schema["type"] is JsonValue type && type.TryGetValue(out string? named) && named == "object" ? schema
            : throw new ArgumentException($"The schema's type is {schema["type"]?.ToJsonString() ?? "null"}, expected \"object\": arguments have names.");
    }

    private void Text(int from, string text, int to) => graph.Text(from, Encoding.UTF8.GetBytes(text), to);
}

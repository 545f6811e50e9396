using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace LongContext.Package.Tests.Documents;

/// <summary>
/// A program of a document. Names that a reader has already stand in it as a line "// given: TYPE name, TYPE name"; using directives of programs further up on the page hold for it, too.
/// </summary>
internal sealed class Snippet
{
    private const string GivenLine = "// given: ";

    private readonly CodeBlock _block;
    private readonly IReadOnlyList<string> _usings;
    private readonly ParameterSyntax[] _given;
    private readonly CompilationUnitSyntax _root;

    /// <param name="block">The program.</param>
    /// <param name="usingsAbove">Using directives of the page so far.</param>
    public Snippet(CodeBlock block, IEnumerable<string> usingsAbove)
    {
        _block = block;
        _root = SyntaxFactory.ParseCompilationUnit(string.Join('\n', block.Lines));
        _usings = [.. usingsAbove.Union(_root.Usings.Select(directive => directive.ToString()))];
        _given = [.. block.Lines.Where(line => line.StartsWith(GivenLine, StringComparison.Ordinal)).SelectMany(line => SyntaxFactory.ParseParameterList($"({line[GivenLine.Length..]})").Parameters)];
    }

    /// <summary>Using directives of the page, to this program's own.</summary>
    public IReadOnlyList<string> Usings => _usings;

    /// <summary>Whether it has statements, and not types or using directives alone.</summary>
    public bool IsProgram => _root.Members.OfType<GlobalStatementSyntax>().Any();

    /// <summary>Given names that the program does not use.</summary>
    public IEnumerable<string> UnusedNames
    {
        get
        {
            HashSet<string> used = [.. _root.DescendantTokens().Where(token => token.IsKind(SyntaxKind.IdentifierToken)).Select(token => token.ValueText)];
            return _given.Select(given => given.Identifier.Text).Where(name => !used.Contains(name));
        }
    }

    /// <summary>The program with its using directives and given names; what the compiler says of it has the document's lines.</summary>
    public string ToSource() =>
        $"""
        {string.Join('\n', _usings)}
        {string.Join('\n', _given.Select(given => $"{given.Type} {given.Identifier} = {SnippetCompiler.GivenValue}<{given.Type}>();"))}
        #line {_block.FirstLine} "{_block.Document}"
        {string.Join('\n', _block.Lines.Select(line => _root.Usings.Any(directive => directive.ToString() == line.TrimEnd()) ? "" : line))}
        """;
}

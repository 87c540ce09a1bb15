fetch("/openapi.json")
  .then((answer) => answer.json())
  .then((spec) => {
    // requests from this page go to where it came from; the content policy allows nothing else
    const here = { url: window.location.origin, description: "this page's server" };
    spec.servers = [here, ...spec.servers.filter((server) => server.url !== here.url)];
    SwaggerUIBundle({
      spec,
      dom_id: "#swagger-ui",
      deepLinking: true,
      persistAuthorization: false,
      displayRequestDuration: true,
      filter: true,
    });
  });

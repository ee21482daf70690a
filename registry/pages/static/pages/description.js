// The API's description as a page, by Swagger UI. What it is to show stands in the page, so that no script has to.
"use strict";
(() => {
  const place = document.getElementById("description");

  SwaggerUIBundle({
    url: place.dataset.url,
    domNode: place,
    presets: [SwaggerUIBundle.presets.apis],
    layout: "BaseLayout",
    deepLinking: true,
    requestInterceptor: (request) => {
      // Who is signed in writes as a form does.
      if (!["GET", undefined].includes(request.method) && request.credentials === "same-origin") {
        request.headers["X-CSRFTOKEN"] = place.dataset.token;
      }
      return request;
    },
  });
})();
